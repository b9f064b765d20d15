// Every metric of the service, by what it is about. Labels are routes, statuses, categories, tiers and outcomes: none that a client could add to.
import type { Registry } from 'prom-client'
import type { Cache, Counts, Guard } from '../cache/index.ts'
import type { Database } from '../db/client.ts'
import type { RequestCounts } from '../http/request-counts.ts'
import { addHistogram, addMetric, type Sample } from './metric.ts'

/** Look-ups by where the answer came from and what it was; each is counted once. */
const LOOKUPS: [keyof Counts, { tier: string; outcome: string }][] = [
  ['memoryHits', { tier: 'memory', outcome: 'hit' }],
  ['redisHits', { tier: 'redis', outcome: 'hit' }],
  ['loaded', { tier: 'load', outcome: 'miss' }],
  ['bypassed', { tier: 'load', outcome: 'bypass' }],
  ['memoryStale', { tier: 'memory', outcome: 'stale' }],
  ['redisStale', { tier: 'redis', outcome: 'stale' }],
  ['loadStale', { tier: 'load', outcome: 'stale' }],
  ['failed', { tier: 'load', outcome: 'error' }],
]

const one = (value: number | boolean): Sample[] => [{ value: Number(value) }]
/** None of what is not known. */
const known = (value: number | null | undefined): Sample[] =>
  value === null || value === undefined ? [] : [{ value }]

export function addRequestMetrics(registry: Registry, requests: RequestCounts): void {
  addMetric(
    registry,
    'counter',
    'barometer_http_requests_total',
    'Answers, by route template and status; without a route those of no route',
    () =>
      requests.routes.flatMap((counts) =>
        counts.byStatus().map(([status, value]) => ({
          labels: { method: counts.method, route: counts.route, status: String(status) },
          value,
        })),
      ),
  )
}

export function addCacheMetrics(registry: Registry, cache: Cache, memoryMaxBytes: number): void {
  const each = (read: (counts: ReturnType<Cache['count']['of']>) => Sample[]): Sample[] =>
    cache.count
      .byCategory()
      .flatMap(([category, counts]) =>
        read(counts).map(({ labels, value }) => ({ labels: { category, ...labels }, value })),
      )
  const counter = (name: string, help: string, read: Parameters<typeof each>[0]): void =>
    addMetric(registry, 'counter', name, help, () => each(read))
  const gauge = (name: string, help: string, read: Parameters<typeof each>[0]): void =>
    addMetric(registry, 'gauge', name, help, () => each(read))

  counter(
    'barometer_cache_lookups_total',
    'Look-ups, by where the answer came from and what it was',
    (counts) => LOOKUPS.map(([name, labels]) => ({ labels, value: counts[name] })),
  )
  counter('barometer_cache_loads_total', 'Loads from PostgreSQL', ({ loads }) => one(loads))
  counter('barometer_cache_load_failures_total', 'Loads that failed', ({ loadFailures }) => one(loadFailures))
  addHistogram(registry, 'barometer_cache_load_seconds', 'How long loads took', () =>
    cache.count
      .byCategory()
      .map(([category, { loadTimes }]) => ({ labels: { category }, durations: loadTimes })),
  )
  gauge('barometer_cache_entries', 'Entries in memory', ({ entries }) => one(entries))
  gauge('barometer_cache_bytes', 'Bytes of the entries in memory', ({ bytes }) => one(bytes))
  addMetric(registry, 'gauge', 'barometer_cache_memory_limit_bytes', 'Limit of the memory tier', () =>
    one(memoryMaxBytes),
  )
  addMetric(
    registry,
    'gauge',
    'barometer_lease_lost',
    '1 while the clear log does not answer and every entry counts as expired',
    () => one(cache.lease.state === 'lost'),
  )
  addMetric(
    registry,
    'gauge',
    'barometer_lease_held',
    '1 while the cache may answer; 0 also of an instance that nobody asks anything',
    () => one(cache.lease.state === 'held'),
  )
  addHistogram(
    registry,
    'barometer_clear_confirmation_seconds',
    'From the place of a clear in the log to the last acknowledgement of it',
    () => [{ durations: cache.count.confirmations }],
  )
}

/** @param warmed loads that were made for nobody's request. */
export function addWarmingMetrics(registry: Registry, warmed: { warmed: number; failed: number }): void {
  addMetric(registry, 'counter', 'barometer_cache_warmed_total', 'Keys loaded before anybody asked', () => [
    { labels: { outcome: 'loaded' }, value: warmed.warmed },
    { labels: { outcome: 'error' }, value: warmed.failed },
  ])
}

export function addRedisMetrics(
  registry: Registry,
  { state }: Cache,
  guard: Guard,
  commands: { sent: number },
): void {
  const info = () => state.redisInfo
  addMetric(registry, 'gauge', 'barometer_redis_connected', '1 while Redis is asked and answers', () =>
    one(guard.available),
  )
  addMetric(registry, 'gauge', 'barometer_redis_breaker_open', '1 while nothing is asked of Redis', () =>
    one(guard.breaker.open),
  )
  addHistogram(registry, 'barometer_redis_call_seconds', 'How long Redis took to answer', () => [
    { durations: guard.answered },
  ])
  addMetric(
    registry,
    'counter',
    'barometer_redis_unanswered_total',
    'Calls without an answer in time, or not even sent',
    () => one(guard.unanswered),
  )
  addMetric(registry, 'counter', 'barometer_redis_commands_total', 'Commands sent to Redis', () =>
    one(commands.sent),
  )
  addMetric(registry, 'gauge', 'barometer_redis_memory_bytes', 'What Redis uses', () =>
    known(info()?.usedMemoryBytes),
  )
  addMetric(
    registry,
    'gauge',
    'barometer_redis_memory_limit_bytes',
    'What Redis may use, if there is a limit',
    () => known(info()?.memoryLimitBytes),
  )
  addMetric(registry, 'gauge', 'barometer_redis_clients', 'Connections to Redis, of any application', () =>
    known(info()?.clients),
  )
  addMetric(registry, 'counter', 'barometer_redis_evicted_keys_total', 'Keys that Redis evicted', () =>
    known(info()?.evictedKeys),
  )
}

/** @param lastLoadAt of the newest data, in seconds since the Unix epoch. */
export function addDatabaseMetrics(
  registry: Registry,
  database: Database,
  lastLoadAt: () => number | null,
): void {
  const gauge = (name: string, help: string, read: () => Sample[]): void =>
    addMetric(registry, 'gauge', name, help, read)
  gauge('barometer_database_connections', 'Connections to PostgreSQL for statements, at most', () =>
    one(database.usage().connections),
  )
  gauge('barometer_database_connections_in_use', 'Of these, in use', () => one(database.usage().inUse))
  gauge('barometer_database_waiting', 'Statements that wait for a connection', () =>
    one(database.usage().waiting),
  )
  gauge('barometer_last_load_timestamp_seconds', 'When data last came in, if it ever did', () =>
    known(lastLoadAt()),
  )
}
