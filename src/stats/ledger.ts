// Notes what is counted while there is something to count: for windows of time, and for the fleet. An instance that nobody asks anything notes
// nothing, and has no timer.
import { within, type Time } from '../time/time.ts'
import { Fleet } from './fleet.ts'
import type { Totals } from './totals.ts'
import { NOTE_MS, Windows, type WindowName } from './windows.ts'

/** A stop does not wait longer for what it had counted to be written. */
const LAST_WORD_MS = 500

export class Ledger {
  readonly fleet: Fleet
  readonly #windows = new Windows()
  readonly #time: Time
  readonly #take: () => Totals
  #cancelNote: (() => void) | null = null
  #isClosed = false

  /** @param take the totals of now. */
  constructor(fleet: Fleet, take: () => Totals, time: Time) {
    this.fleet = fleet
    this.#take = take
    this.#time = time
  }

  /** Called while requests come; the totals are noted soon after. */
  use(): void {
    if (this.#cancelNote !== null || this.#isClosed) return
    // Before what is going to be counted now.
    this.note()
    this.#noteLater()
  }

  note(): Totals {
    const totals = this.#take()
    this.#windows.note(this.#time.clock(), totals)
    return totals
  }

  /** The totals at the beginning of a window that ends now. */
  beginning(window: WindowName): Totals {
    return this.#windows.beginning(window, this.#time.clock())
  }

  /** Writes what was counted until now, unless PostgreSQL takes too long for that. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelNote?.()
    await within(this.#time, LAST_WORD_MS, this.#publishLast())
  }

  async #publishLast(): Promise<void> {
    // What is being written now is older.
    await this.fleet.settled()
    this.fleet.publish(this.#take())
    await this.fleet.settled()
  }

  #noteLater(): void {
    this.#cancelNote = this.#time.after(NOTE_MS, () => {
      this.#cancelNote = null
      // Once more, until nothing has come in between.
      if (this.fleet.publish(this.note())) this.#noteLater()
    })
  }
}
