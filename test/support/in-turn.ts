// Actions that happen in the order they were given, each of them late, or not before something else has happened.
import { setTimeout as sleep } from 'node:timers/promises'

export interface InTurn {
  /** How much later an action given from now on happens. */
  delayMs: number
  /** Nothing that is given from now on happens before this resolves. */
  hold(until: Promise<void>): void
  /** At once where nothing is to be waited for. */
  add(action: () => void): void
}

export function inTurn(): InTurn {
  let last: Promise<void> | null = null
  const append = (wait: () => Promise<unknown>, action: () => void): void => {
    const mine = (last ?? Promise.resolve()).then(wait).then(action)
    last = mine
    void mine.then(() => {
      if (last === mine) last = null
    })
  }
  return {
    delayMs: 0,
    hold: (until) =>
      append(
        () => until,
        () => undefined,
      ),
    add(action) {
      if (last === null && this.delayMs === 0) {
        action()
        return
      }
      const due = performance.now() + this.delayMs
      append(() => sleep(Math.max(0, due - performance.now())), action)
    },
  }
}
