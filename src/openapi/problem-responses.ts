// Problem answers, one shared response a status, each with the codes it can have.
import { STATUS_CODES } from 'node:http'
import { ProblemSchema } from '../http/schemas.ts'
import { PROBLEMS, type ProblemCode } from '../problems.ts'
import type { Answer } from './model.ts'
import { PROBLEM_EXAMPLES } from './examples.ts'
import { references } from './headers.ts'

const PROBLEM_TYPE = 'application/problem+json'
/** Those that an operation can have: a method that is not there is none. */
const CODES = (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => code !== 'method_not_allowed')

/** `BadRequest`, `NotFound` and so on, and `Problem` for any. */
export function problemResponses(): Record<string, Answer> {
  const statuses = [...new Set(CODES.map((code) => PROBLEMS[code].status))]
  return {
    ...Object.fromEntries(statuses.map((status) => [nameOf(status), responseOf(status)])),
    Problem: {
      description: 'Any other problem: what can go wrong with every request',
      headers: references('RequestId'),
      content: { [PROBLEM_TYPE]: { schema: ProblemSchema } },
    },
  }
}

/** The shared response in the place of a problem answer; null for any other answer. */
export function problemResponse(status: string, answer: Answer): Answer | null {
  return answer.content !== undefined && PROBLEM_TYPE in answer.content
    ? problemReference(Number(status))
    : null
}

export function problemReference(status: number): Answer {
  return { $ref: `#/components/responses/${nameOf(status)}` }
}

function responseOf(status: number): Answer {
  const codes = CODES.filter((code) => PROBLEMS[code].status === status)
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('. '),
    headers: references(
      'RequestId',
      ...(status === 401 ? (['WwwAuthenticate'] as const) : []),
      ...(status === 429 || status === 503 ? (['RetryAfter'] as const) : []),
    ),
    content: {
      [PROBLEM_TYPE]: {
        schema: ProblemSchema,
        examples: Object.fromEntries(
          codes.map((code) => [code, { summary: PROBLEMS[code].title, value: PROBLEM_EXAMPLES[code] }]),
        ),
      },
    },
  }
}

function nameOf(status: number): string {
  return (STATUS_CODES[status] ?? String(status)).replace(/[^A-Za-z]/g, '')
}
