// Waits for what announces itself to nobody, by asking again and again, up to a deadline.
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'

const PAUSE_MS = 10
const LIMIT_MS = 15_000
const SHOWN_LENGTH = 1000

/** An answer that is not enough, with what it was found out by: `isDone || notYet(state)`. */
export class NotYet {
  readonly seen: unknown

  constructor(seen: unknown) {
    this.seen = seen
  }
}

export function notYet(seen: unknown): NotYet {
  return new NotYet(seen)
}

/**
 * Asks until the answer is true, or enough; the last one given is returned.
 *
 * @throws Error after 15 s, with what was waited for, and what was last seen: the answer, or what a `notYet` says of it.
 */
export async function until<T>(
  what: string,
  ask: () => T | NotYet | Promise<T | NotYet>,
  isEnough: (answer: T) => boolean = Boolean,
  limitMs = LIMIT_MS,
): Promise<T> {
  const deadline = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (!(answer instanceof NotYet) && isEnough(answer)) return answer
    if (performance.now() > deadline) {
      const wanted = isEnough === Boolean ? ask : isEnough
      throw new Error(
        `${what}: not after ${limitMs} ms; last seen: ${shown(answer)}; wanted: ${String(wanted)}`,
      )
    }
    await sleep(PAUSE_MS)
  }
}

function shown(answer: unknown): string {
  const text = inspect(answer instanceof NotYet ? answer.seen : answer, { depth: 5, breakLength: Infinity })
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text
}
