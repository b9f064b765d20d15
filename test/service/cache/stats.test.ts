// The cache's figures: all of them there, true, and null where they cannot be known.
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import { statsOf } from '../../support/traffic.ts'
import { until } from '../../support/until.ts'

const postgres = await sharedPostgres(t)
const redis = await sharedRedis(t)
const database = await createDatabase(postgres)
const FIELDS = [
  'enabled',
  'status',
  'backend',
  'redis_connected',
  'redis_used_memory',
  'redis_used_memory_bytes',
  'redis_keys',
  'redis_own_keys',
  'memory_cache_size',
  'memory_cache_bytes',
  'memory_cache_limit_bytes',
  'instance',
  'since',
  'requests',
  'hits',
  'misses',
  'hit_rate',
  'memory_hits',
  'redis_hits',
  'stale',
  'loads',
  'load_failures',
  'bypassed',
  'failed',
  'load_ms_p50',
  'load_ms_p99',
  'categories',
  'windows',
  'fleet',
  'database',
  'lease',
  'owed_clears',
  'redis',
  'savings',
  'analyses',
]

t.beforeEach(() => redis.client.flushall())

function begin(t: Test, settings: Record<string, string> = {}): Promise<TestService> {
  return startService(t, { DATABASE_URL: database, REDIS_URL: redis.url, ...PATIENT_REDIS, ...settings })
}

function path(limit: number): string {
  return `/api/v1/media/latest?limit=${limit}`
}

t.test('each address answers all of it, and nothing may keep the answer', async (t) => {
  const service = await begin(t)
  for (const url of ['/cache/stats', '/api/v1/media/cache/stats', '/api/admin/cache/stats']) {
    const response = await service.get(url)
    t.strictSame([response.status, response.headers.get('cache-control')], [200, 'no-store'], url)
    const { success, cache, message } = (await response.json()) as Record<'success' | 'message', unknown> & {
      cache: Record<string, unknown>
    }
    t.strictSame([success, typeof message], [true, 'string'])
    t.strictSame(Object.keys(cache).sort(), [...FIELDS].sort())
  }
})

t.test('look-ups are counted where they were answered; the rate of none is not known', async (t) => {
  const service = await begin(t)
  t.match(await statsOf(service), { hits: 0, misses: 0, hit_rate: null, loads: 0, memory_cache_size: 0 })
  for (const limit of [1, 1, 1, 2, 3, 3]) await service.get(path(limit))
  t.match(await statsOf(service), {
    enabled: true,
    status: 'connected',
    backend: 'redis',
    redis_connected: true,
    hits: 3,
    misses: 3,
    hit_rate: 50,
    memory_hits: 3,
    redis_hits: 0,
    loads: 3,
    memory_cache_size: 3,
  })
  await until(
    'all in Redis',
    () => redis.client.dbsize(),
    (size) => size === 3,
  )
  await service.close()
  const next = await begin(t)
  for (const limit of [1, 2, 2]) await next.get(path(limit))
  await next.get('/api/v1/media/99')
  t.match(await statsOf(next), { hits: 3, misses: 1, hit_rate: 75, memory_hits: 1, redis_hits: 2, loads: 1 })
})

t.test('memory is counted in entries and bytes, and given back', async (t) => {
  const service = await begin(t)
  for (const limit of [1, 2, 3, 4]) await service.get(path(limit))
  const { memory_cache_size: size, memory_cache_bytes: bytes } = await statsOf(service)
  t.equal(size, 4)
  t.ok(Number(bytes) > 4 * 1000 && Number(bytes) < 4 * 4000, `${String(bytes)} bytes`)
  await service.app.inject({ method: 'DELETE', url: '/cache/clear' })
  t.match(await statsOf(service), { memory_cache_size: 0, memory_cache_bytes: 0 })
})

t.test('figures of Redis are those that Redis gives; ours among its keys are told apart', async (t) => {
  const service = await begin(t)
  for (let index = 0; index < 25; index++) await redis.client.set(`foreign:${index}`, 'x')
  for (const limit of [1, 2, 3]) await service.get(path(limit))
  await until(
    'all in Redis',
    () => redis.client.dbsize(),
    (size) => size === 28,
  )
  const stats = await until(
    'the figures',
    () => statsOf(service),
    ({ redis_own_keys: keys }) => keys === 3,
  )
  t.equal(stats['redis_keys'], 28)
  const actual = Number(/used_memory:(\d+)/.exec(await redis.client.info('memory'))?.[1])
  const told = Number(stats['redis_used_memory_bytes'])
  t.ok(Math.abs(told - actual) < actual * 0.2, `${told} of ${actual} bytes`)
  const printed = told < 1024 ** 2 ? `${(told / 1024).toFixed(2)}K` : `${(told / 1024 ** 2).toFixed(2)}M`
  t.equal(stats['redis_used_memory'], printed, 'as Redis prints it')
  // Who clears looks at the figures next, and must not see the old ones for long.
  await service.app.inject({ method: 'DELETE', url: '/cache/clear?pattern=*limit=1*' })
  await until(
    'the new figures',
    () => statsOf(service),
    ({ redis_own_keys: own }) => own === 2,
  )
  await redis.client.flushall()
  await until(
    'the figures of an empty Redis',
    () => statsOf(service),
    ({ redis_own_keys: own }) => own === 0,
  )
})

t.test('without Redis its figures are null', async (t) => {
  const service = await startService(t, { DATABASE_URL: database })
  t.match(await statsOf(service), {
    enabled: true,
    status: 'disabled',
    backend: 'memory',
    redis_connected: false,
    redis_used_memory: null,
    redis_used_memory_bytes: null,
    redis_keys: null,
    redis_own_keys: null,
  })
})
