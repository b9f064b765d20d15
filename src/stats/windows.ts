// What happened in the last minutes: totals noted while there is something to count, and subtracted when somebody asks.
import { NOTHING, type Totals } from './totals.ts'

interface Noted {
  at: number
  totals: Totals
}

/** Totals of the past, the last of each slot of time that had any, as many as cover the longest window asked for. */
class Ring {
  readonly #slotMs: number
  readonly #slots: number
  readonly #noted: Noted[] = []

  constructor(slotMs: number, longestMs: number) {
    this.#slotMs = slotMs
    this.#slots = longestMs / slotMs + 2
  }

  note(noted: Noted): void {
    const last = this.#noted.at(-1)
    if (last !== undefined && Math.floor(last.at / this.#slotMs) === Math.floor(noted.at / this.#slotMs))
      this.#noted.pop()
    this.#noted.push(noted)
    if (this.#noted.length > this.#slots) this.#noted.shift()
  }

  /** The newest that is at least so old; where there is none, nothing had been counted by then. */
  before(at: number): Totals {
    return this.#noted.findLast((noted) => noted.at <= at)?.totals ?? NOTHING
  }
}

const MINUTE_MS = 60_000
export const WINDOWS = { '1m': MINUTE_MS, '5m': 5 * MINUTE_MS, '1h': 60 * MINUTE_MS } as const
export type WindowName = keyof typeof WINDOWS

/** Between two notes while there is something to count; a window is as exact as that. */
export const NOTE_MS = 5000

export class Windows {
  readonly #fine = new Ring(NOTE_MS, WINDOWS['5m'])
  readonly #coarse = new Ring(MINUTE_MS, WINDOWS['1h'])

  /** @param at milliseconds on a clock that only grows. */
  note(at: number, totals: Totals): void {
    this.#fine.note({ at, totals })
    this.#coarse.note({ at, totals })
  }

  /** The totals at the beginning of a window that ends at `at`. */
  beginning(window: WindowName, at: number): Totals {
    const ring = window === '1h' ? this.#coarse : this.#fine
    return ring.before(at - WINDOWS[window])
  }
}
