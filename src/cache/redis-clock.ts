// The clock of Redis as far as it is known here, by which it can tell that a command comes too late: one that it finds after a hang was given up long ago.

export class RedisClock {
  readonly #clock: () => number
  /** Its milliseconds since the Unix epoch, less our clock's. */
  #ahead: number | null = null

  /** @param clock milliseconds that only grow. */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** @param now what it said, in milliseconds since the Unix epoch, to a question that was sent at this moment of our clock. */
  observe(now: number, sentAt: number): void {
    // In the middle of the way there and back, as nobody knows better.
    if (Number.isFinite(now) && now > 0) this.#ahead = now - (sentAt + this.#clock()) / 2
  }

  /** The moment in so many milliseconds, by its clock; null while that is not known. */
  after(ms: number): number | null {
    return this.#ahead === null ? null : Math.ceil(this.#ahead + this.#clock() + ms)
  }
}
