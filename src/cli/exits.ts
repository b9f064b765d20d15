// How the command ends: what its exit code says (`--help` prints the same list), and which errors are a person's to read.
import { CommanderError } from 'commander'
import { ConfigError } from '../config.ts'
import { LoadError, RowsRejected } from '../loading/report.ts'
import { rejectionText } from './texts.ts'

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  rejectedLines: 3,
  notCleared: 4,
  problemsFound: 5,
  warningsFound: 6,
  interrupted: 130,
} as const

export const EXIT_CODES_HELP = `
Exit codes:
  0    done
  1    failed; nothing was changed, unless the message says so
  2    wrong usage or configuration
  3    loaded, but some lines were rejected
  4    the running service did not clear, or did not forget
  5    doctor: something has to be mended
  6    doctor: nothing has to be mended, something should be
  130  interrupted; the message says whether anything was loaded`

/** The command cannot do its work; the message says why in one line. */
export class CommandError extends Error {
  override name = 'CommandError'
  readonly exitCode: number

  constructor(message: string, options: { cause?: unknown; exitCode?: number } = {}) {
    super(message, options)
    this.exitCode = options.exitCode ?? EXIT.failed
  }
}

/** Says what went wrong and returns the exit code. A defect keeps its stack, all else is one line; commander has printed its own already. */
export function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  // All that was wrong, where it was all or nothing.
  if (error instanceof RowsRejected) console.error(error.rejections.map(rejectionText).join('\n'))
  console.error(
    `error: ${isPlain(error) ? error.message : error instanceof Error ? error.stack : String(error)}`,
  )
  if (error instanceof CommandError) return error.exitCode
  return error instanceof ConfigError ? EXIT.usage : EXIT.failed
}

function isPlain(error: unknown): error is Error {
  if (error instanceof LoadError || error instanceof ConfigError || error instanceof CommandError) return true
  return error instanceof Error && error.name === 'PostgresError'
}
