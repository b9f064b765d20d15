// Calls at a time to one analyser, and a line of those who wait for one, with an end.
import { Problem } from '../problems.ts'

const WAITING_PER_SLOT = 100
const RETRY_AFTER_S = 5

export class Slots {
  readonly #limit: number
  readonly #waiting: { go: () => void; refuse: (error: Error) => void }[] = []
  #taken = 0
  #isClosed = false

  /** @param limit calls at a time. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Calls that are made now, and callers in line. */
  get usage(): { taken: number; waiting: number } {
    return { taken: this.#taken, waiting: this.#waiting.length }
  }

  /** Runs `work` once there is room. @throws Problem analyses_busy where too many wait already. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw stopping()
    if (this.#taken < this.#limit) this.#taken++
    else await this.#turn()
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // It takes the place over.
      if (next === undefined) this.#taken--
      else next.go()
    }
  }

  /** Refuses whoever waits, and whoever comes. */
  close(): void {
    this.#isClosed = true
    for (const { refuse } of this.#waiting.splice(0)) refuse(stopping())
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#limit * WAITING_PER_SLOT) {
      const detail = `${this.#waiting.length} analyses wait on this instance already; try again in ${RETRY_AFTER_S} s`
      throw new Problem('analyses_busy', detail, [], RETRY_AFTER_S)
    }
    return new Promise((go, refuse) => this.#waiting.push({ go, refuse }))
  }
}

function stopping(): Problem {
  return new Problem('analyses_busy', 'this instance is stopping; ask again', [], 1)
}
