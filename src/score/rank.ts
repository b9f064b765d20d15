// Percentile ranks in a trailing window, kept sorted so that a session costs O(log window) comparisons and not a sort.
import { at, type Series } from './windows.ts'

/** The last `length` values that were pushed, in ascending order. */
export class SortedWindow {
  /** Order of arrival, as a ring: tells which value leaves. */
  readonly #arrivals: Float64Array
  readonly #sorted: Float64Array
  #pushed = 0

  /** @throws RangeError when `length` is not an integer of at least 2: the rank divides by `length - 1`. */
  constructor(length: number) {
    if (!Number.isInteger(length) || length < 2) throw new RangeError('a rank window holds at least 2 values')
    this.#arrivals = new Float64Array(length)
    this.#sorted = new Float64Array(length)
  }

  get isFull(): boolean {
    return this.#pushed >= this.#arrivals.length
  }

  /**
   * Takes a value in; the oldest leaves when the window is full.
   *
   * @throws RangeError on NaN, which has no place in an order and would never be found again.
   */
  push(value: number): void {
    if (Number.isNaN(value)) throw new RangeError('NaN has no rank')
    const slot = this.#pushed % this.#arrivals.length
    // Where the values that move make room: the gap of the one that leaves, or the first free place.
    const gap = this.isFull ? this.#countBelow(at(this.#arrivals, slot)) : this.#pushed
    const place = this.#countBelow(value)
    if (place <= gap) {
      this.#sorted.copyWithin(place + 1, place, gap)
      this.#sorted[place] = value
    } else {
      this.#sorted.copyWithin(gap, gap + 1, place)
      this.#sorted[place - 1] = value
    }
    this.#arrivals[slot] = value
    this.#pushed += 1
  }

  /**
   * Percentile rank of a value of the window, 0 to 100: `(below + 0.5 * (equal - 1)) / (length - 1) * 100`, where `equal` counts the
   * value itself. Ties share the middle of their places. Only meaningful when the window is full.
   */
  rankOf(value: number): number {
    const below = this.#countBelow(value)
    const equal = this.#countUpTo(value) - below
    return ((below + 0.5 * (equal - 1)) / (this.#sorted.length - 1)) * 100
  }

  #countBelow(value: number): number {
    return this.#partition((candidate) => candidate < value)
  }

  #countUpTo(value: number): number {
    return this.#partition((candidate) => candidate <= value)
  }

  /** Binary search: how many values, from the smallest on, satisfy a condition that is true up to one place and false after it. */
  #partition(isBefore: (candidate: number) => boolean): number {
    let low = 0
    let high = Math.min(this.#pushed, this.#sorted.length)
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(at(this.#sorted, middle))) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * Percentile rank, 0 to 100, of each value among the last `length` existing ones, itself included. A null is not a value: it gets
 * no rank and takes no place in the window. Null, too, before `length` values exist.
 */
export function trailingRanks(series: Series, length: number): Series {
  const window = new SortedWindow(length)
  return series.map((value) => {
    if (value === null) return null
    window.push(value)
    return window.isFull ? window.rankOf(value) : null
  })
}
