// Time that stands still until a test moves it, for whatever is handed one.
import type { Time } from '../../src/time/time.ts'
import { Events } from './events.ts'

/** A Saturday in 2026. */
const WALL_CLOCK_AT_START = 1_790_000_000_000

export interface ManualTime extends Time {
  /** Moves on; what is due by then happens in its order, each with all that follows from it before the next. */
  advance: (ms: number) => Promise<void>
  /** Whether anything is yet to happen. */
  readonly isQuiet: boolean
}

/** Its functions are its own properties: the cache takes them one by one. */
export function manualTime(): ManualTime {
  const events = new Events()
  return {
    now: () => WALL_CLOCK_AT_START + events.now,
    clock: () => events.now,
    after: (ms, callback) => events.after(Math.max(0, ms), callback),
    advance: async (ms) => {
      const end = events.now + ms
      await settled()
      while (events.nextAt <= end) {
        events.step()
        await settled()
      }
      events.now = end
    },
    get isQuiet() {
      return events.nextAt === Infinity
    },
  }
}

/** Whatever promises, ticks and immediates have set off has happened; nothing that waits for the system has. */
export async function settled(): Promise<void> {
  // What was going to happen in the next turn may have something happen in the one after it.
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
}
