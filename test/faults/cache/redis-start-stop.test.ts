// The service starts and stops in bounded time, however Redis is away, and says in the log what it found.
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis, type TestRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService, type TestService } from '../../support/service.ts'
import { startProxy } from '../../support/tcp-proxy.ts'
import { redisLines } from '../../support/traffic.ts'

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

t.test('Redis is down', async (t) => {
  const redis = await startRedis(t)
  await redis.kill()
  t.strictSame(redisLines(await liveAndDie(t, redis)), ['Redis is away'])
})

t.test('Redis accepts and says nothing', async (t) => {
  const redis = await startRedis(t)
  redis.pause()
  const service = await liveAndDie(t, redis)
  t.strictSame(
    redisLines(service),
    ['Redis is away'],
    'said at the start, not when the connection is given up',
  )
})

t.test('the network swallows everything', async (t) => {
  const proxy = await startProxy(t, (await startRedis(t)).port)
  proxy.swallow()
  t.strictSame(redisLines(await liveAndDie(t, proxy)), ['Redis is away'])
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
