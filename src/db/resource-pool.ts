// A few things that one at a time may use each; who finds none free waits in line, for a limited time.
import type { Time } from '../time/time.ts'

export class ResourcePool<Resource> {
  readonly #size: number
  /** The one given back last is taken first: it is warm, and those that nobody needs turn idle. */
  readonly #free: Resource[]
  /** In the order of arrival; a set, so that one that gives up leaves at once. */
  readonly #line = new Set<(resource: Resource) => void>()
  readonly #longestLine: number
  readonly #time: Time

  /** @param longestLine how many may wait. */
  constructor(resources: readonly Resource[], longestLine: number, time: Time) {
    this.#size = resources.length
    this.#free = [...resources]
    this.#longestLine = longestLine
    this.#time = time
  }

  get waiting(): number {
    return this.#line.size
  }

  get taken(): number {
    return this.#size - this.#free.length
  }

  /** One that is free, which `release` gives back; undefined where there is none. */
  take(): Resource | undefined {
    return this.#free.pop()
  }

  /** For who has just found none free: resolves with one when it is given back, or with undefined when there was none within `limitMs`; at once where the line is full. */
  next(limitMs: number): Promise<Resource | undefined> {
    if (limitMs <= 0 || this.#line.size >= this.#longestLine) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const admit = (resource: Resource): void => {
        cancel()
        resolve(resource)
      }
      const cancel = this.#time.after(limitMs, () => {
        this.#line.delete(admit)
        resolve(undefined)
      })
      this.#line.add(admit)
    })
  }

  /** Hands it to the first in line. */
  release(resource: Resource): void {
    for (const admit of this.#line) {
      this.#line.delete(admit)
      admit(resource)
      return
    }
    this.#free.push(resource)
  }
}
