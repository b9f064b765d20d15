// Figures of one moment for the page: what `/cache/stats` answers, rates since the samples before, and lists from PostgreSQL.
import { performance, type EventLoopUtilization } from 'node:perf_hooks'
import { durationsSince, hitRate, quantile, type Cache, type Guard, type Spread } from '../../cache/index.ts'
import { round2 } from '../../http/schemas.ts'
import type { Poll } from '../../stats/poll.ts'
import type { StatsAnswer } from '../../stats/schema.ts'
import { within, type Time } from '../../time/time.ts'
import type { Lists, Point, Sample } from './messages.ts'

/** Other instances write their totals every 5 s, so that shorter rates of the fleet would jump. */
const RATE_MS = 10_000
const QUANTILE_MS = 60_000
/** Between two samples of a watch; after more, nobody watched in between. */
const PAUSE_MS = 10_000
/** Providers bill Redis by command, and a page may stay open for days. */
const REDIS_AGE_MS = 10_000
/** PostgreSQL answers by then, or what it said before has to do. */
const PATIENCE_MS = 50
const HOTTEST = 10

type Stats = StatsAnswer['cache']

/** Totals as they were, to be subtracted. */
interface Before {
  at: number
  stats: Stats
  redisCalls: Spread | null
}

export interface Sampled {
  poll: Poll
  cache: Cache
  /** null where no Redis is configured. */
  guard: Guard | null
  readLists: () => Promise<Lists>
  time: Time
}

export class Sampler {
  readonly #sampled: Sampled
  /** Of the last minute, oldest first. */
  #before: Before[] = []
  #lists: Lists | null = null
  #reading: Promise<void> | null = null
  #loop: EventLoopUtilization = performance.eventLoopUtilization()

  constructor(sampled: Sampled) {
    this.#sampled = sampled
  }

  async take(): Promise<Sample> {
    const { poll, guard, cache, time } = this.#sampled
    const [{ cache: stats }] = await Promise.all([
      poll.figures(REDIS_AGE_MS),
      within(time, PATIENCE_MS, this.#refreshLists()),
    ])
    const now = { at: time.clock(), stats, redisCalls: guard === null ? null : copied(guard.answered) }
    const point = this.#pointOf(now)
    const loop = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(loop, this.#loop)
    this.#loop = loop
    const hottest = cache.hottest(HOTTEST).map(({ key, perMinute }) => ({ key, perMinute }))
    return { point, stats, busy: round2(100 * utilization), lists: this.#lists, hottest }
  }

  #pointOf(now: Before): Point {
    const { time } = this.#sampled
    if (now.at - (this.#before.at(-1)?.at ?? -Infinity) > PAUSE_MS) this.#before = []
    this.#before = this.#before.filter(({ at }) => at >= now.at - QUANTILE_MS)
    const lately = this.#before.filter(({ at }) => at >= now.at - RATE_MS)
    const then = lately[0]
    const fleetThen = lately.find(({ stats }) => stats.fleet !== null)
    const oldest = this.#before[0]
    this.#before.push(now)
    const { stats } = now
    const { load_ms_p50, load_ms_p99 } = stats.windows['1m']
    const calls =
      now.redisCalls === null ? null : durationsSince(now.redisCalls, oldest?.redisCalls ?? now.redisCalls)
    const redisMs = (share: number) => (calls === null ? null : quantile(calls, share))
    return {
      at: time.now(),
      requests: rate(stats, then?.stats, now.at - (then?.at ?? 0)),
      fleetRequests: rate(stats.fleet, fleetThen?.stats.fleet, now.at - (fleetThen?.at ?? 0)),
      hitRate: hitRateSince(stats, then?.stats),
      fleetHitRate: hitRateSince(stats.fleet, fleetThen?.stats.fleet),
      loadMsP50: load_ms_p50,
      loadMsP99: load_ms_p99,
      redisMsP50: redisMs(0.5),
      redisMsP99: redisMs(0.99),
      memoryBytes: stats.memory_cache_bytes,
      redisBytes: stats.redis_used_memory_bytes,
      isRedisAway: stats.status === 'degraded',
      isLeaseLost: stats.lease.state === 'lost',
    }
  }

  /** One at a time, and quiet when PostgreSQL does not answer. */
  #refreshLists(): Promise<void> {
    return (this.#reading ??= this.#sampled
      .readLists()
      .then((lists) => void (this.#lists = lists))
      .catch(() => undefined)
      .finally(() => (this.#reading = null)))
  }
}

function copied({ counts, sums }: Spread): Spread {
  return { counts: [...counts], sums: [...sums] }
}

/** null where one of both is not known. */
type Counted<Names extends keyof Stats> = Pick<Stats, Names> | null | undefined

function rate(now: Counted<'requests'>, then: Counted<'requests'>, ms: number): number | null {
  return now && then ? round2((1000 * Math.max(0, now.requests - then.requests)) / ms) : null
}

function hitRateSince(now: Counted<'hits' | 'misses'>, then: Counted<'hits' | 'misses'>): number | null {
  return now && then ? hitRate({ hits: now.hits - then.hits, misses: now.misses - then.misses }) : null
}
