// Waiting for a flight: as long as a request has patience, and with an expired entry for an answer where it brings none.
import type { ClearHistory } from './clear-history.ts'
import type { CategoryCounters, CounterName, Counters } from './counters.ts'
import type { Answer, Flight, Tier } from './flights.ts'
import { LATE, within, type Time } from '../time/time.ts'

/** A load that is not back by then is answered by an expired entry, where there is one, and goes on. */
const PATIENCE_MS = 500

export interface LandingParts {
  history: ClearHistory
  counters: Counters
  time: Time
  isAnswer?: ((error: unknown) => boolean) | undefined
}

export class Landing {
  readonly #parts: LandingParts

  constructor(parts: LandingParts) {
    this.#parts = parts
  }

  /**
   * The answer of a flight, or what stands in for it; counted by what it is.
   *
   * @param isOld whether it counts as expired whatever it is.
   * @throws what its load throws, where nothing stands in for that.
   */
  async land(key: string, flight: Flight, { isOld = false } = {}): Promise<Answer> {
    const counters = this.#parts.counters.of(key)
    try {
      const answer = await this.#answer(key, flight)
      const named: Answer = isOld ? { ...answer, outcome: 'STALE' } : answer
      record(counters, named)
      return named
    } catch (error) {
      // "There is no such page" is an answer.
      if (this.#parts.isAnswer?.(error) === true) counters.loaded++
      else counters.failed++
      throw error
    }
  }

  async #answer(key: string, flight: Flight): Promise<Answer> {
    const { time } = this.#parts
    try {
      // Of a load that has taken long already, nobody waits for as long again.
      const patienceMs = Math.max(0, flight.startedAt + PATIENCE_MS - time.clock())
      const landed = await within(time, patienceMs, flight.result)
      return landed === LATE ? (this.#standIn(key, flight) ?? (await flight.result)) : landed
    } catch (error) {
      const standIn = this.#standIn(key, flight)
      if (standIn === null) throw error
      return standIn
    }
  }

  /** The expired entry that may be answered in place of a load, judged again: a clear may have come while waiting. */
  #standIn(key: string, { stale }: Flight): Answer | null {
    const { history, time } = this.#parts
    if (stale === null || time.now() >= stale.entry.staleUntil) return null
    if (history.judge(key, stale.entry) === 'dead') return null
    return { ...stale, outcome: 'STALE' }
  }
}

const STALE_FROM: Record<Tier, CounterName> = {
  memory: 'memoryStale',
  redis: 'redisStale',
  load: 'loadStale',
}

function record(counters: CategoryCounters, { outcome, tier }: Answer): void {
  switch (outcome) {
    case 'HIT':
      counters.redisHits++
      break
    case 'STALE':
      counters[STALE_FROM[tier]]++
      break
    case 'BYPASS':
      counters.bypassed++
      break
    case 'MISS':
      counters.loaded++
  }
}
