// Which flight answers a look-up: one that is under way, where a clear does not stand between them, or a new one.
import type { ClearHistory, Verdict } from './clear-history.ts'
import { Flights, type Flight } from './flights.ts'
import type { Policy } from './loaded.ts'
import type { Load, Loading } from './loading.ts'
import type { HeldEntry } from './memory.ts'

/** What is asked for, with what memory has of it. */
export interface LookUp {
  key: string
  policy: Policy
  load: Load
  held: HeldEntry | null
}

export class Boarding {
  readonly #history: ClearHistory
  readonly #loading: Loading
  readonly #flights = new Flights()

  constructor(history: ClearHistory, loading: Loading) {
    this.#history = history
    this.#loading = loading
  }

  /** A running flight whose answer is as good as a hit would be, or a new one. */
  board(lookUp: LookUp, how = { isRefresh: false }): Flight {
    return this.#joinOrStart(lookUp, (verdict) => verdict === 'valid', how).flight
  }

  /** Any running flight whose answer may be given at all, or a new one; `isOld` where it began before the look-up. */
  boardAny(lookUp: LookUp): { flight: Flight; isOld: boolean } {
    const { flight, isNew } = this.#joinOrStart(lookUp, (verdict) => verdict !== 'dead', { isRefresh: false })
    return { flight, isOld: !isNew }
  }

  #joinOrStart(
    { key, policy, load, held }: LookUp,
    mayJoin: (verdict: Verdict) => boolean,
    how: { isRefresh: boolean },
  ): { flight: Flight; isNew: boolean } {
    let isNew = false
    const flight = this.#flights.joinOrStart(
      key,
      (running) => mayJoin(this.#history.judge(key, running.began)),
      () => {
        isNew = true
        return this.#loading.start(key, policy, load, held, how)
      },
    )
    return { flight, isNew }
  }
}
