// Time, handed to whatever decides by it: tests move it, and the simulation has one of its own.

export interface Time {
  /** Milliseconds since the Unix epoch, never going back: lifetimes are judged by it. */
  now(): number
  /**
   * Milliseconds that only grow and go on while the process is stopped. Asked for each request: a flag or a cached clock would say "valid" after a
   * pause.
   */
  clock(): number
  /** Calls back after so many milliseconds, unless the function that it returns is called before. */
  after(ms: number, callback: () => void): () => void
}

/**
 * The wall clock without its steps back: what an entry has left must not grow. A step forward is followed, as after a machine slept.
 *
 * @param wall milliseconds since the Unix epoch. @param clock milliseconds that only grow.
 */
export function steadyWallClock(wall: () => number, clock: () => number): () => number {
  let origin = wall() - clock()
  return () => {
    const steady = Math.floor(origin + clock())
    const now = wall()
    if (now <= steady) return steady
    origin += now - steady
    return now
  }
}

const clock = (): number => performance.now()

export const SYSTEM_TIME: Time = {
  now: steadyWallClock(() => Date.now(), clock),
  clock,
  after: (ms, callback) => {
    // Whole: of a number with fractions Node makes a text when the timer is cleared.
    const timer = setTimeout(callback, Math.ceil(ms))
    return () => clearTimeout(timer)
  },
}

/** What a promise that was waited for in vain gives. */
export const LATE = Symbol('late')

/** Waits for a promise, but no longer than so many milliseconds: LATE after that. */
export function within<Value>(time: Time, ms: number, promise: Promise<Value>): Promise<Value | typeof LATE> {
  // Not by Promise.race, which makes several promises more; each miss passes here.
  return new Promise((resolve, reject) => {
    const cancel = time.after(ms, () => resolve(LATE))
    const succeed = (value: Value): void => {
      cancel()
      resolve(value)
    }
    const fail = (error: Error): void => {
      cancel()
      reject(error)
    }
    promise.then(succeed, fail)
  })
}

export function pause(time: Time, ms: number): Promise<void> {
  return new Promise((resolve) => time.after(ms, resolve))
}
