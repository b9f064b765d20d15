// How many keys of a shared Redis are ours. Redis has no such figure, so it is counted by SCAN, seldom and within a budget.
import type { Time } from '../time/time.ts'
import { UNAVAILABLE, type Unavailable } from './guard.ts'

/** One SCAN call from a cursor; resolves with the next cursor and how many of the keys seen were ours. */
export type CountingScan = (cursor: string) => Promise<{ cursor: string; ours: number } | Unavailable>

/** A count is good for so long; nobody clears by it. */
const AGE_MS = 30_000
/** SCAN calls in one count; past them the figure is not known. */
const BUDGET_CALLS = 200

export class OwnKeyCount {
  readonly #time: Time
  #value: number | null = null
  #valueAt: number | null = null
  #countedAt = -Infinity
  #counting: Promise<void> | null = null

  constructor(time: Time) {
    this.#time = time
  }

  /** The last figure, or null where there is none or counting took too many calls. */
  get value(): number | null {
    return this.#value
  }

  /** When that was, in milliseconds since the Unix epoch. */
  get valueAt(): number | null {
    return this.#value === null ? null : this.#valueAt
  }

  /** The next refresh counts anew: what was counted has changed. */
  expire(): void {
    this.#countedAt = -Infinity
  }

  /**
   * Counts anew when the last count is old or, with more keys than there are, plainly wrong; one at a time. Resolves when done.
   *
   * @param total all keys there are, ours or not.
   */
  refresh(scans: CountingScan[], total: number): Promise<void> {
    const isGood = this.#value === null || this.#value <= total
    if (isGood && this.#time.clock() - this.#countedAt < AGE_MS) return Promise.resolve()
    if (this.#counting === null) {
      this.#countedAt = this.#time.clock()
      this.#counting = this.#count(scans).finally(() => (this.#counting = null))
    }
    return this.#counting
  }

  async #count(scans: CountingScan[]): Promise<void> {
    let total = 0
    let calls = 0
    for (const scan of scans) {
      let cursor = '0'
      do {
        if (calls++ === BUDGET_CALLS) return void (this.#value = null)
        const batch = await scan(cursor)
        if (batch === UNAVAILABLE) {
          this.#value = null
          // Redis was away, which says nothing about the next time.
          this.expire()
          return
        }
        total += batch.ours
        cursor = batch.cursor
      } while (cursor !== '0')
    }
    this.#value = total
    this.#valueAt = this.#time.now()
  }
}
