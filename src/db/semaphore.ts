// So many at a time; the others wait in line, each for a limited time.

export class Semaphore {
  readonly #places: number
  #free: number
  /** In the order of arrival; a set, so that one that gives up leaves at once. */
  readonly #line = new Set<() => void>()

  readonly #longestLine: number

  /**
   * @param places how many may be inside at once.
   * @param longestLine how many may wait.
   */
  constructor(places: number, longestLine = Infinity) {
    this.#places = this.#free = places
    this.#longestLine = longestLine
  }

  get waiting(): number {
    return this.#line.size
  }

  get taken(): number {
    return this.#places - this.#free
  }

  /** Resolves with true once there is a place, which `release` gives back, or with false when there was none within `limitMs`; at once where the line is full. */
  acquire(limitMs: number): Promise<boolean> {
    if (this.#free > 0) {
      this.#free -= 1
      return Promise.resolve(true)
    }
    if (limitMs <= 0 || this.#line.size >= this.#longestLine) return Promise.resolve(false)
    return new Promise((resolve) => {
      const admit = (): void => {
        clearTimeout(timer)
        resolve(true)
      }
      const timer = setTimeout(() => {
        this.#line.delete(admit)
        resolve(false)
      }, limitMs)
      this.#line.add(admit)
    })
  }

  /** Hands the place to the first in line. */
  release(): void {
    for (const admit of this.#line) {
      this.#line.delete(admit)
      admit()
      return
    }
    this.#free += 1
  }
}
