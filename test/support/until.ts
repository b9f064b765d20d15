// Waits for what announces itself to nobody, by asking again and again, up to a deadline.
import { setTimeout as sleep } from 'node:timers/promises'

const PAUSE_MS = 10
const LIMIT_MS = 15_000

/**
 * Asks until the answer is true; the last one given is returned.
 *
 * @throws Error after 15 s, with what was waited for and the last answer.
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  isEnough: (answer: T) => boolean = Boolean,
): Promise<T> {
  const deadline = performance.now() + LIMIT_MS
  for (;;) {
    const answer = await ask()
    if (isEnough(answer)) return answer
    if (performance.now() > deadline)
      throw new Error(`${what}: not after ${LIMIT_MS} ms; last: ${JSON.stringify(answer)}`)
    await sleep(PAUSE_MS)
  }
}
