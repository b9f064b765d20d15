// Lets others have the event loop in between: what is read without waiting, because it is all there, would keep it to its end.
import { setImmediate as nextTurn } from 'node:timers/promises'

/** So long others wait at most for a piece of work that is done in small steps, and the step that runs. */
const HOLD_MS = 2

export class Turns {
  #since = performance.now()

  /** To be awaited between two steps. */
  async rest(): Promise<void> {
    if (performance.now() - this.#since < HOLD_MS) return
    await nextTurn()
    this.#since = performance.now()
  }
}
