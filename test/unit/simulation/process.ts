// A process: a clock that does not run as fast as others, pauses like SIGSTOP, and a death after which nothing of it happens any more.
import type { Time } from '../../../src/time/time.ts'
import type { Events } from '../../support/events.ts'
import type { Random } from './random.ts'

/** A Saturday in 2026. */
const WALL_CLOCK_AT_START = 1_790_000_000_000
/** Clocks go wrong by up to 0.5 %; the engine allows 2 % between two. */
const MOST_DRIFT = 0.005
/** What arrived in a pause is found within so many milliseconds after it, in any order. */
const WAKING_MS = 2

export class Process {
  readonly time: Time
  readonly #events: Events
  readonly #random: Random
  #isDead = false
  #isPaused = false
  #held: (() => void)[] = []

  constructor(events: Events, random: Random) {
    this.#events = events
    this.#random = random
    const rate = random.between(1 - MOST_DRIFT, 1 + MOST_DRIFT)
    const began = random.between(0, 100_000)
    const wallClock = WALL_CLOCK_AT_START + random.between(-200, 200)
    this.time = {
      now: () => wallClock + events.now * rate,
      clock: () => began + events.now * rate,
      after: (ms, callback) => {
        let isCancelled = false
        const cancel = events.after(ms / rate, () => {
          this.#run(() => {
            if (!isCancelled) callback()
          })
        })
        return () => {
          isCancelled = true
          cancel()
        }
      },
    }
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** Something that reaches the process from outside, so many milliseconds from now. */
  deliver(ms: number, callback: () => void): void {
    this.#events.after(ms, () => this.#run(callback))
  }

  /** Stops it; its clock goes on, and what arrives meanwhile waits. */
  pause(ms: number): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#events.after(ms, () => {
      this.#isPaused = false
      const held = this.#held
      this.#held = []
      for (const callback of held) this.deliver(this.#random.between(0, WAKING_MS), callback)
    })
  }

  kill(): void {
    this.#isDead = true
    this.#held = []
  }

  #run(callback: () => void): void {
    if (this.#isDead) return
    if (this.#isPaused) this.#held.push(callback)
    else callback()
  }
}
