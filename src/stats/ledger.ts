// Notes what is counted while there is something to count: for windows of time, and for the fleet. An instance that nobody asks anything notes
// nothing, and has no timer.
import { SYSTEM_TIME, within } from '../cache/index.ts'
import { Fleet } from './fleet.ts'
import type { Totals } from './totals.ts'
import { NOTE_MS, Windows } from './windows.ts'

/** A stop does not wait longer for what it had counted to be written. */
const LAST_WORD_MS = 500

export class Ledger {
  readonly fleet: Fleet
  readonly windows = new Windows()
  readonly #take: () => Totals
  #timer: NodeJS.Timeout | null = null
  #isClosed = false

  /** @param take the totals of now. */
  constructor(fleet: Fleet, take: () => Totals) {
    this.fleet = fleet
    this.#take = take
  }

  /** Called while requests come; the totals are noted soon after. */
  use(): void {
    if (this.#timer !== null || this.#isClosed) return
    // Before what is going to be counted now.
    this.note()
    this.#noteLater()
  }

  note(): Totals {
    const totals = this.#take()
    this.windows.note(performance.now(), totals)
    return totals
  }

  /** Writes what was counted until now, unless PostgreSQL takes too long for that. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await within(SYSTEM_TIME, LAST_WORD_MS, this.#publishLast())
  }

  async #publishLast(): Promise<void> {
    // What is being written now is older.
    await this.fleet.settled()
    this.fleet.publish(this.#take())
    await this.fleet.settled()
  }

  #noteLater(): void {
    this.#timer = setTimeout(() => {
      this.#timer = null
      // Once more, until nothing has come in between.
      if (this.fleet.publish(this.note())) this.#noteLater()
    }, NOTE_MS)
    this.#timer.unref()
  }
}
