// What a load that failed means to the client.
import { DatabaseUnavailable } from '../../db/errors.ts'
import { LoadError, RowsRejected, type LoadFailure } from '../../loading/report.ts'
import { Problem, type ProblemCode } from '../../problems.ts'

/** Words of ours where the error's own would tell of the inside. */
const WORDS: Record<Exclude<LoadFailure, 'refused'>, [code: ProblemCode, detail: string]> = {
  unreadable: ['invalid_body', 'the body did not arrive whole; nothing was kept'],
  busy: ['ingestion_busy', 'somebody else writes the same for too long; nothing was kept, try again'],
  unavailable: [
    'database_unavailable',
    'the database does not answer or has no room; nothing was kept, try again shortly',
  ],
  uncertain: [
    'database_unavailable',
    'the database went away at the very end: all of it or nothing was kept; sending it again does no harm',
  ],
}

/**
 * The problem to answer with; what is none of the load's own failures stays what it is.
 *
 * @param uploadError what became of the body, if anything: whatever the load says then follows from it.
 */
export function problemOf(error: unknown, uploadError: Error | null): unknown {
  if (uploadError !== null) return uploadProblem(uploadError)
  if (!(error instanceof LoadError)) return error
  if (error instanceof RowsRejected) {
    const { read, rejections } = error
    const problem = new Problem('rows_rejected', `${error.message}, as on_error=abort asks for`)
    problem.rejected = { read, rejections }
    return problem
  }
  return error.kind === 'refused'
    ? new Problem('invalid_body', error.message)
    : inOurWords(error.kind, error.cause)
}

function uploadProblem(error: Error): Error {
  if (error instanceof Problem || error instanceof DatabaseUnavailable) return error
  const isOfGzip = String((error as { code?: unknown }).code).startsWith('Z_')
  return isOfGzip
    ? new Problem('invalid_body', 'the body is not whole and valid gzip; nothing was kept')
    : inOurWords('unreadable', error)
}

function inOurWords(kind: keyof typeof WORDS, cause: unknown): Problem {
  const [code, detail] = WORDS[kind]
  const problem = new Problem(code, detail)
  problem.cause = cause
  return problem
}
