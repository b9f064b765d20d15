// How long something took, as counts and sums by size: what it costs to record one is a search in a short list, and quantiles are read off when
// somebody asks.

/** In milliseconds. From a look-up in PostgreSQL to what the longest time limit allows. */
export const LOAD_BOUNDS_MS = [
  1, 2, 3, 5, 7.5, 10, 15, 25, 50, 75, 100, 150, 250, 500, 750, 1000, 1500, 2500, 5000, 10_000,
]
/** In milliseconds. From a round trip on one machine to what a request may spend. */
export const REMOTE_BOUNDS_MS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000]

/** Durations by size, at one moment or as the difference of two. */
export interface Spread {
  /** How many took at most as long as the bound of the same index, and longer than the one before; at the end those over the last bound. */
  readonly counts: readonly number[]
  /** The sum of each bucket's durations, in milliseconds. */
  readonly sums: readonly number[]
}

export class Durations implements Spread {
  readonly bounds: readonly number[]
  readonly counts: number[]
  readonly sums: number[]

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Array<number>(bounds.length + 1).fill(0)
    this.sums = new Array<number>(bounds.length + 1).fill(0)
  }

  /** The sum of all durations, in milliseconds. */
  get sumMs(): number {
    return this.sums.reduce((total, sum) => total + sum, 0)
  }

  record(ms: number): void {
    let index = 0
    while (index < this.bounds.length && ms > (this.bounds[index] ?? Infinity)) index++
    this.counts[index] = (this.counts[index] ?? 0) + 1
    this.sums[index] = (this.sums[index] ?? 0) + ms
  }
}

export const NO_DURATIONS: Spread = { counts: [], sums: [] }

/** Those of one that another did not have yet. */
export function durationsSince({ counts, sums }: Spread, before: Spread): Spread {
  return {
    counts: counts.map((count, index) => count - (before.counts[index] ?? 0)),
    sums: sums.map((sum, index) => sum - (before.sums[index] ?? 0)),
  }
}

/**
 * What a share of all took at most, in milliseconds: the mean of those of its size, so that it lies between durations that there were. One alone is
 * given as it was, and none is the bound of a size. null of none.
 */
export function quantile({ counts, sums }: Spread, share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  let left = Math.max(1, share * total)
  for (const [index, count] of counts.entries()) {
    if (count > 0 && left <= count) return Math.round(((sums[index] ?? 0) / count) * 100) / 100
    left -= count
  }
  return null
}
