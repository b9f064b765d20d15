// Answers as a failing test shows them: what was asked, and what came back.
import { inspect } from 'node:util'

/** What every helper that sends requests resolves with. */
export interface Shown {
  status: number
  headers: object
  body: string
}

const SHOWN_LENGTH = 500
const asked = new WeakMap<object, string>()

/** Notes what an answer answers, beside it: two of them are still compared by what is in them. */
export function answerTo<Answer extends object>(request: string, answer: Answer): Answer {
  asked.set(answer, request)
  return answer
}

/** Request, status, headers and the beginning of the body. */
export function shown(answer: Shown): string {
  const { status, headers, body } = answer
  const cut =
    body.length > SHOWN_LENGTH ? `${body.slice(0, SHOWN_LENGTH)}… (${body.length} characters)` : body
  return `${asked.get(answer) ?? 'the request'} was answered ${status} ${inspect({ ...headers }, { breakLength: Infinity })}\n${cut}`
}

/** The JSON in an answer, of the type that the caller names. @throws Error that shows the answer, where it has another status or no JSON in it. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export function jsonOf<Body>(answer: Shown, status: number | null = 200): Body {
  if (status !== null && answer.status !== status) throw new Error(`expected ${status}, but ${shown(answer)}`)
  try {
    return JSON.parse(answer.body) as Body
  } catch {
    throw new Error(`expected JSON, but ${shown(answer)}`)
  }
}
