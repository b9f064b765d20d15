// Counts what the cache did since the process started, by category. Recording is an addition; sums and ratios are made when somebody asks.
import { Durations, LOAD_BOUNDS_MS } from './durations.ts'

/** What is counted in a category; each only grows. Every look-up is counted once, in one of the first eight. */
export const COUNTER_NAMES = [
  /** Look-ups answered by a fresh entry, by tier. */
  'memoryHits',
  'redisHits',
  /** Look-ups answered by what a load brought, their own or another request's. */
  'loaded',
  /** The same, where the answer was over the entry limit and not stored. */
  'bypassed',
  /** Look-ups answered by an expired entry, by where that was: in a tier, or brought by a load that had begun without a lease. */
  'memoryStale',
  'redisStale',
  'loadStale',
  /** Look-ups that no load and no expired entry could answer. */
  'failed',
  /** Loads started, requests or none, and those that failed. */
  'loads',
  'loadFailures',
] as const
export type CounterName = (typeof COUNTER_NAMES)[number]
export type Counts = Record<CounterName, number>

export interface CategoryCounters extends Counts {
  /** All loads, and those that brought an answer: only the latter say what a hit spares. */
  loadTimes: Durations
  answeredTimes: Durations
  /** In the memory tier now. */
  entries: number
  bytes: number
}

/** Of several counters, in the words of an answer. */
export interface CacheCounters extends Counts {
  hits: number
  /** Look-ups that had to wait for a load, their own or another request's; stale answers are among them. */
  misses: number
  stale: number
}

/** Where a key's category is none of those named at the start. */
const OTHER = 'other'

export class Counters {
  readonly #categories = new Map<string, CategoryCounters>()
  readonly #other: CategoryCounters
  /** Of clears, from their place in the log to the last acknowledgement. */
  readonly confirmations = new Durations(LOAD_BOUNDS_MS)

  /** @param categories first parts of keys; those of keys that come otherwise are counted together, so that no key can add a category. */
  constructor(categories: readonly string[] = []) {
    for (const category of categories) this.#categories.set(category, newCounters())
    this.#other = newCounters()
  }

  of(key: string): CategoryCounters {
    return this.#categories.get(key.slice(0, key.indexOf(':'))) ?? this.#other
  }

  /** By category; the others only once there are any. */
  byCategory(): [string, CategoryCounters][] {
    const isUsed = COUNTER_NAMES.some((name) => this.#other[name] > 0) || this.#other.entries > 0
    return [...this.#categories, ...(isUsed ? [[OTHER, this.#other] as [string, CategoryCounters]] : [])]
  }

  total(): CacheCounters {
    const total = noCounts()
    for (const counters of [...this.#categories.values(), this.#other])
      for (const name of COUNTER_NAMES) total[name] += counters[name]
    return summed(total)
  }
}

export function noCounts(): Counts {
  return Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as Counts
}

function newCounters(): CategoryCounters {
  return {
    ...noCounts(),
    loadTimes: new Durations(LOAD_BOUNDS_MS),
    answeredTimes: new Durations(LOAD_BOUNDS_MS),
    entries: 0,
    bytes: 0,
  }
}

export function summed(counts: Counts): CacheCounters {
  const stale = counts.memoryStale + counts.redisStale + counts.loadStale
  return {
    ...counts,
    hits: counts.memoryHits + counts.redisHits,
    misses: counts.loaded + counts.bypassed + stale + counts.failed,
    stale,
  }
}

export function lookUps({ hits, misses }: Pick<CacheCounters, 'hits' | 'misses'>): number {
  return hits + misses
}

/** Hits in per cent of all look-ups, 2 decimals; null where nothing was looked up. */
export function hitRate(counts: Pick<CacheCounters, 'hits' | 'misses'>): number | null {
  const all = lookUps(counts)
  return all === 0 ? null : Math.round((counts.hits / all) * 10_000) / 100
}
