// The service starts and stops with Redis, and without one or any cache, and says in the log what it found.
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis, type TestRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService, type TestService } from '../../support/service.ts'
import { redisLines, statsOf } from '../../support/traffic.ts'
import { until } from '../../support/until.ts'

/** The start waits a second for Redis; Fastify would give up after ten. The rest is for a busy machine. */
const START_LIMIT_MS = 5000
const STOP_LIMIT_MS = 3000
const PATH = '/api/v1/media/sources'

const postgres = await sharedPostgres(t)
const database = await createDatabase(postgres)

interface Place {
  port: number
  /** What becomes of Redis before the stop. */
  goAway?: () => void | Promise<void>
  settings?: Record<string, string>
}

/** Starts the service, asks it something, stops it; each within its limit. */
async function liveAndDie(t: Test, { port, goAway, settings = {} }: Place): Promise<TestService> {
  let began = performance.now()
  const service = await startService(t, {
    DATABASE_URL: database,
    REDIS_URL: `redis://127.0.0.1:${port}`,
    ...settings,
  })
  const startMs = performance.now() - began
  t.ok(startMs < START_LIMIT_MS, `started in ${Math.round(startMs)} ms`)
  t.equal((await service.get(PATH)).status, 200)
  await goAway?.()
  began = performance.now()
  await service.close()
  const stopMs = performance.now() - began
  t.ok(stopMs < STOP_LIMIT_MS, `stopped in ${Math.round(stopMs)} ms`)
  return service
}

t.test('Redis is there', async (t) => {
  const redis = await startRedis(t)
  const service = await liveAndDie(t, redis)
  t.strictSame(redisLines(service), ['Redis connected'], 'that it is left at the stop is no news')
  const clients = async () =>
    String(await redis.client.client('LIST'))
      .trim()
      .split('\n').length
  await until('the connection to be closed', clients, (count) => count === 1)
})

const ENDS: Record<string, (redis: TestRedis) => void | Promise<void>> = {
  killed: (redis) => redis.kill(),
  hung: (redis) => redis.pause(),
}
for (const [state, end] of Object.entries(ENDS)) {
  t.test(`Redis is ${state} before the stop`, async (t) => {
    const redis = await startRedis(t)
    await liveAndDie(t, { port: redis.port, goAway: () => end(redis) })
  })
}

t.test('Redis is configured and turned off', async (t) => {
  const redis = await startRedis(t)
  const service = await startService(t, {
    DATABASE_URL: database,
    REDIS_URL: redis.url,
    REDIS_ENABLED: 'false',
  })
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
  await service.get(PATH)
  t.equal((await service.get(PATH)).headers.get('x-cache'), 'HIT')
  t.equal(await redis.client.dbsize(), 0)
  t.strictSame(redisLines(service), [])
})

t.test('neither Redis nor memory', async (t) => {
  const service = await startService(t, { DATABASE_URL: database, CACHE_MEMORY_MAX_MB: '0' })
  t.match(await statsOf(service), { enabled: false, status: 'disabled' })
  for (const _ of [1, 2]) t.equal((await service.get(PATH)).headers.get('x-cache'), 'MISS')
})
