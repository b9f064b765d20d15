// Single flight: requests that need the same thing at the same time share one load, where a clear does not stand between them.
import type { Judged } from './clear-history.ts'
import type { Entry } from './entry.ts'

export type Outcome = 'HIT' | 'MISS' | 'STALE' | 'BYPASS'

export interface Answer {
  entry: Entry
  outcome: Outcome
  tier: Tier
}

/** Where the bytes of an answer came from. */
export type Tier = 'memory' | 'redis' | 'load'

export interface Flight {
  /** Before anything was read that could be the answer. */
  began: Judged
  /** By the clock that only grows. */
  startedAt: number
  /** An expired entry found on the way, for those who cannot wait. */
  stale: { entry: Entry; tier: Tier } | null
  result: Promise<Answer>
}

export class Flights {
  readonly #flights = new Map<string, Flight>()

  get size(): number {
    return this.#flights.size
  }

  /** The running flight of a key if `mayJoin` allows it, else a new one, which takes the key over. */
  joinOrStart(key: string, mayJoin: (flight: Flight) => boolean, start: () => Flight): Flight {
    const running = this.#flights.get(key)
    if (running !== undefined && mayJoin(running)) return running
    const flight = start()
    this.#flights.set(key, flight)
    // A failure reaches those who wait, never later callers; a flight overtaken after a clear must not remove its successor.
    const land = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
    flight.result.then(land, land)
    return flight
  }
}
