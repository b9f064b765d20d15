// Everything that is counted, at one moment. Two of them tell what happened in between.
import {
  COUNTER_NAMES,
  durationsSince,
  NO_DURATIONS,
  noCounts,
  type Counters,
  type Counts,
  type Spread,
} from '../cache/index.ts'

export interface Totals {
  /** Answers of data routes, of any status. */
  requests: number
  redisCommands: number
  categories: Record<string, CategoryTotals>
}

export interface CategoryTotals {
  counts: Counts
  loadTimes: Spread
}

export const NOTHING: Totals = { requests: 0, redisCommands: 0, categories: {} }

export function takeTotals(counters: Counters, requests: number, redisCommands: number): Totals {
  const categories = counters.byCategory().map(([category, counted]) => {
    const counts = noCounts()
    for (const name of COUNTER_NAMES) counts[name] = counted[name]
    const { counts: times, sums } = counted.loadTimes
    return [category, { counts, loadTimes: { counts: [...times], sums: [...sums] } }] as const
  })
  return { requests, redisCommands, categories: Object.fromEntries(categories) }
}

export function difference(now: Totals, then: Totals): Totals {
  const categories = Object.entries(now.categories).map(([category, { counts, loadTimes }]) => {
    const before = then.categories[category]
    const since = noCounts()
    for (const name of COUNTER_NAMES) since[name] = counts[name] - (before?.counts[name] ?? 0)
    const times = durationsSince(loadTimes, before?.loadTimes ?? NO_DURATIONS)
    return [category, { counts: since, loadTimes: times }] as const
  })
  return {
    requests: now.requests - then.requests,
    redisCommands: now.redisCommands - then.redisCommands,
    categories: Object.fromEntries(categories),
  }
}

/** Of all categories together. */
export function together({ categories }: Totals): CategoryTotals {
  const counts = noCounts()
  const times: number[] = []
  const sums: number[] = []
  for (const category of Object.values(categories)) {
    for (const name of COUNTER_NAMES) counts[name] += category.counts[name]
    for (const [index, count] of category.loadTimes.counts.entries()) {
      times[index] = (times[index] ?? 0) + count
      sums[index] = (sums[index] ?? 0) + (category.loadTimes.sums[index] ?? 0)
    }
  }
  return { counts, loadTimes: { counts: times, sums } }
}
