// How long something took, as counts by size: what it costs to record one is a search in a short list, and quantiles are read off when somebody asks.

/** In milliseconds. From a look-up in PostgreSQL to what the longest time limit allows. */
export const LOAD_BOUNDS_MS = [
  1, 2, 3, 5, 7.5, 10, 15, 25, 50, 75, 100, 150, 250, 500, 750, 1000, 1500, 2500, 5000, 10_000,
]
/** In milliseconds. From a round trip on one machine to what a request may spend. */
export const REMOTE_BOUNDS_MS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000]

export class Durations {
  readonly bounds: readonly number[]
  /** How many took at most as long as the bound of the same index, and longer than the one before; at the end those over the last bound. */
  readonly counts: number[]
  sumMs = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  record(ms: number): void {
    let index = 0
    while (index < this.bounds.length && ms > (this.bounds[index] ?? Infinity)) index++
    this.counts[index] = (this.counts[index] ?? 0) + 1
    this.sumMs += ms
  }
}

/**
 * The duration that a share of all took at most, in milliseconds, taken as evenly spread between two bounds; the last bound where it lies beyond
 * that, null of none.
 *
 * @param counts as in `Durations`, or the difference of two such lists.
 */
export function quantile(bounds: readonly number[], counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  let left = share * total
  for (const [index, bound] of bounds.entries()) {
    const count = counts[index] ?? 0
    if (left <= count && count > 0) {
      const from = bounds[index - 1] ?? 0
      return Math.round((from + (bound - from) * (left / count)) * 100) / 100
    }
    left -= count
  }
  return bounds.at(-1) ?? null
}
