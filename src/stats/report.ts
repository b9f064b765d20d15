// The figures as `/cache/stats` answers them.
import type { Analyses } from '../analyses/analyses.ts'
import type { Analyser } from '../analyses/analysers/analyser.ts'
import {
  hitRate,
  NO_DURATIONS,
  quantile,
  summed,
  type Cache,
  type Counts,
  type Guard,
} from '../cache/index.ts'
import { round2 } from '../http/schemas.ts'
import type { Time } from '../time/time.ts'
import type { Ledger } from './ledger.ts'
import type { LookUps, StatsAnswer } from './schema.ts'
import { analysesAnswer, type AnalysisFigures } from './analyses.ts'
import { difference, together, type CategoryTotals, type Totals } from './totals.ts'
import { savingsOf } from './savings.ts'
import { WINDOWS, type WindowName } from './windows.ts'

type Figures = StatsAnswer['cache']

export interface Reported {
  cache: Cache
  ledger: Ledger
  /** null where no Redis is configured. */
  guard: Guard | null
  instance: string
  memoryMaxBytes: number
  /** Of one load; null where nobody said. */
  loadCost: number | null
  analyses: {
    figures: AnalysisFigures
    analysers: ReadonlyMap<string, Analyser>
    usage: () => Analyses['usage']
  }
  time: Time
}

const MESSAGES: Record<Figures['status'], string> = {
  connected: 'Redis is connected',
  degraded: 'Redis is away; answers come from memory and PostgreSQL',
  disabled: 'No Redis is configured; answers come from memory and PostgreSQL',
}
const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** By both clocks: of the wall for people, of the process for reckoning. */
const STARTED_AT = Date.now() - performance.now()

export function report(reported: Reported): StatsAnswer {
  const { cache, ledger, guard, instance, memoryMaxBytes } = reported
  const now = ledger.note()
  const all = together(now)
  const state = cache.state.now()
  const lease = cache.lease
  const byCategory = Object.fromEntries(cache.count.byCategory())
  return {
    success: true,
    cache: {
      ...state,
      memory_cache_limit_bytes: memoryMaxBytes,
      instance,
      since: instant(STARTED_AT),
      requests: now.requests,
      ...figures(all),
      categories: eachOf(now.categories, (category, name) => ({
        ...figures(category),
        entries: byCategory[name]?.entries ?? 0,
        bytes: byCategory[name]?.bytes ?? 0,
      })),
      windows: {
        '1m': windowOf(ledger, now, '1m'),
        '5m': windowOf(ledger, now, '5m'),
        '1h': windowOf(ledger, now, '1h'),
      },
      fleet: fleetOf(ledger, now),
      lease: { state: lease.state, since: instant(lease.since) },
      database: {
        status: lease.state === 'lost' ? 'away' : 'connected',
        since: instant(lease.logSince),
      },
      owed_clears: cache.owedClears.map(({ kind, selector, actor, reason = null, clearedAt }) => ({
        kind,
        selector,
        actor,
        reason,
        cleared_at: instant(clearedAt),
      })),
      redis: guard === null ? null : redisOf(reported, guard, now),
      savings: savingsOf(cache.count, reported.loadCost),
      analyses: analysesOf(reported),
    },
    message:
      lease.state === 'lost'
        ? 'PostgreSQL is away; answers come from what is cached, marked STALE'
        : MESSAGES[state.status],
  }
}

function figures({ counts, loadTimes }: CategoryTotals): LookUps {
  return {
    ...lookUps(counts),
    load_ms_p50: quantile(loadTimes, 0.5),
    load_ms_p99: quantile(loadTimes, 0.99),
  }
}

function lookUps(counts: Counts): Omit<LookUps, 'load_ms_p50' | 'load_ms_p99'> {
  const { hits, misses, stale, memoryHits, redisHits, bypassed, failed, loads, loadFailures } = summed(counts)
  return {
    hits,
    misses,
    hit_rate: hitRate({ hits, misses }),
    memory_hits: memoryHits,
    redis_hits: redisHits,
    stale,
    bypassed,
    failed,
    loads,
    load_failures: loadFailures,
  }
}

function windowOf(ledger: Ledger, now: Totals, window: WindowName): Figures['windows']['1m'] {
  const since = difference(now, ledger.beginning(window))
  return {
    requests: since.requests,
    redis_commands: since.redisCommands,
    ...figures(together(since)),
    categories: eachOf(whereAsked(since.categories), figures),
  }
}

function fleetOf({ fleet }: Ledger, now: Totals): Figures['fleet'] {
  const totals = fleet.totals(now)
  if (totals === null) return null
  const { asOf, instances, requests, redisCommands, categories } = totals
  return {
    as_of: instant(asOf),
    instances,
    requests,
    redis_commands: redisCommands,
    ...lookUps(sumOf(Object.values(categories))),
    categories: eachOf(categories, lookUps),
  }
}

function sumOf(all: Counts[]): Counts {
  const none = { loadTimes: NO_DURATIONS }
  const categories = Object.fromEntries(all.map((counts, index) => [index, { counts, ...none }]))
  return together({ requests: 0, redisCommands: 0, categories }).counts
}

function redisOf({ cache, ledger, time }: Reported, guard: Guard, now: Totals): Figures['redis'] {
  const info = cache.state.redisInfo
  const ownKeysAt = info?.ownKeysAt ?? null
  const { open, since } = guard.breaker
  const { hits, misses } = summed(together(now).counts)
  const upMs = time.clock()
  const lastHour = difference(now, ledger.beginning('1h')).redisCommands
  const hourMs = Math.min(upMs, WINDOWS['1h'])
  return {
    memory_limit_bytes: info?.memoryLimitBytes ?? null,
    policy: info?.policy ?? null,
    evicted_keys: info?.evictedKeys ?? null,
    clients: info?.clients ?? null,
    own_keys_counted_at: ownKeysAt === null ? null : instant(ownKeysAt),
    unanswered: guard.unanswered,
    commands: {
      sent: now.redisCommands,
      per_request: hits + misses === 0 ? null : round2(now.redisCommands / (hits + misses)),
      per_day: upMs < MINUTE_MS ? null : Math.round((lastHour / hourMs) * DAY_MS),
    },
    breaker: { state: open ? 'open' : 'closed', since: instant(since) },
  }
}

function analysesOf({ analyses: { figures, analysers, usage } }: Reported): Figures['analyses'] {
  const waiting = [...usage().values()].reduce((all, each) => all + each.waiting, 0)
  return analysesAnswer(figures, analysers.values(), waiting)
}

/** Most categories are not asked for in most minutes. */
function whereAsked(categories: Totals['categories']): Totals['categories'] {
  return Object.fromEntries(
    Object.entries(categories).filter(([, { counts }]) => Object.values(counts).some((count) => count > 0)),
  )
}

function eachOf<Value, Made>(
  values: Record<string, Value>,
  make: (value: Value, name: string) => Made,
): Record<string, Made> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, make(value, name)]))
}

function instant(ms: number): string {
  return new Date(ms).toISOString()
}
