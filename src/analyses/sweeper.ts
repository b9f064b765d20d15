// Deletes what is over: within the hour, and what is personal on the minute. An instance that has nothing of it asks once an hour.
import type { Time } from '../time/time.ts'

export interface SweeperParts {
  /** Resolves with milliseconds until the next personal result is over; null of none. */
  sweep: () => Promise<number | null>
  /** Adds up what lives long over have counted. */
  fold: () => Promise<void>
  /** Of failures in a row, the first. */
  onFailure: (error: unknown) => void
  time: Time
}

const LONGEST_REST_MS = 3_600_000
const SHORTEST_REST_MS = 60_000

export class Sweeper {
  readonly #parts: SweeperParts
  #cancel = (): void => undefined
  #isClosed = false
  #hasFailed = false
  #dueAt = Infinity

  constructor(parts: SweeperParts) {
    this.#parts = parts
  }

  start(): void {
    void this.#run()
  }

  /** Something personal is over in so many milliseconds. */
  dueIn(ms: number): void {
    this.#rest(ms)
  }

  close(): void {
    this.#isClosed = true
    this.#cancel()
  }

  async #run(): Promise<void> {
    const { sweep, fold, onFailure } = this.#parts
    this.#dueAt = Infinity
    let restMs = SHORTEST_REST_MS
    try {
      const nextMs = await sweep()
      await fold()
      restMs = Math.min(nextMs ?? LONGEST_REST_MS, LONGEST_REST_MS)
      this.#hasFailed = false
    } catch (error) {
      if (!this.#isClosed && !this.#hasFailed) onFailure(error)
      this.#hasFailed = true
    }
    this.#rest(restMs)
  }

  /** Until the next run, or less where that is sooner. */
  #rest(ms: number): void {
    const { time } = this.#parts
    const restMs = Math.max(ms, SHORTEST_REST_MS)
    if (this.#isClosed || time.clock() + restMs >= this.#dueAt) return
    this.#cancel()
    this.#dueAt = time.clock() + restMs
    this.#cancel = time.after(restMs, () => void this.#run())
  }
}
