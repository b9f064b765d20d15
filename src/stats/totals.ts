// Everything that is counted, at one moment. Two of them tell what happened in between.
import { COUNTER_NAMES, noCounts, type Counters, type Counts } from '../cache/index.ts'

export interface Totals {
  /** Answers of data routes, of any status. */
  requests: number
  redisCommands: number
  categories: Record<string, CategoryTotals>
}

export interface CategoryTotals {
  counts: Counts
  /** As in `Durations.counts`, by `LOAD_BOUNDS_MS`. */
  loadTimes: readonly number[]
  loadMs: number
}

export const NOTHING: Totals = { requests: 0, redisCommands: 0, categories: {} }

export function takeTotals(counters: Counters, requests: number, redisCommands: number): Totals {
  const categories = counters.byCategory().map(([category, counted]) => {
    const counts = noCounts()
    for (const name of COUNTER_NAMES) counts[name] = counted[name]
    const { counts: times, sumMs } = counted.loadTimes
    return [category, { counts, loadTimes: [...times], loadMs: sumMs }] as const
  })
  return { requests, redisCommands, categories: Object.fromEntries(categories) }
}

export function difference(now: Totals, then: Totals): Totals {
  const categories = Object.entries(now.categories).map(([category, { counts, loadTimes, loadMs }]) => {
    const before = then.categories[category]
    const since = noCounts()
    for (const name of COUNTER_NAMES) since[name] = counts[name] - (before?.counts[name] ?? 0)
    const times = loadTimes.map((count, index) => count - (before?.loadTimes[index] ?? 0))
    return [category, { counts: since, loadTimes: times, loadMs: loadMs - (before?.loadMs ?? 0) }] as const
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
  const loadTimes: number[] = []
  let loadMs = 0
  for (const category of Object.values(categories)) {
    for (const name of COUNTER_NAMES) counts[name] += category.counts[name]
    for (const [index, count] of category.loadTimes.entries())
      loadTimes[index] = (loadTimes[index] ?? 0) + count
    loadMs += category.loadMs
  }
  return { counts, loadTimes, loadMs }
}
