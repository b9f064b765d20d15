// The answer's bytes, put together seldom enough that any number of pollers costs next to nothing.
import { within } from '../time/time.ts'
import { refreshFleet } from './news.ts'
import { report, type Reported } from './report.ts'
import type { StatsAnswer } from './schema.ts'

/** So often a second the figures are put together anew, and more often for a moment after a quiet one: a person who looks sees those of now. */
const PER_SECOND = 4
const AT_ONCE = 20
/** Redis and PostgreSQL answer by then, or what they said before has to do. */
const PATIENCE_MS = 50
const FLEET_AGE_MS = 1000

export class Poll {
  readonly #reported: Reported
  #bytes: Buffer | null = null
  #making: Promise<Buffer> | null = null
  #left = AT_ONCE
  #countedAt = 0

  constructor(reported: Reported) {
    this.#reported = reported
  }

  /** The answer of `/cache/stats` as JSON. */
  read(): Buffer | Promise<Buffer> {
    if (this.#making !== null) return this.#making
    if (this.#bytes !== null && !this.#mayMake()) return this.#bytes
    return (this.#making = this.#make().finally(() => (this.#making = null)))
  }

  /** The figures of now; Redis and PostgreSQL are asked unless that was done so lately. */
  async figures(redisAgeMs?: number): Promise<StatsAnswer> {
    const { cache, analyses, time } = this.#reported
    const news = Promise.all([
      cache.state.refresh(redisAgeMs),
      refreshFleet(this.#reported, FLEET_AGE_MS),
      analyses.figures.refresh(FLEET_AGE_MS),
    ])
    await within(time, PATIENCE_MS, news)
    return report(this.#reported)
  }

  #mayMake(): boolean {
    const now = this.#reported.time.clock()
    this.#left = Math.min(AT_ONCE, this.#left + ((now - this.#countedAt) / 1000) * PER_SECOND)
    this.#countedAt = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }

  async #make(): Promise<Buffer> {
    return (this.#bytes = Buffer.from(JSON.stringify(await this.figures())))
  }
}
