// A Redis that is there and refuses, for want of room or as a replica. Reads are answered 200, and the log is not flooded.
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import { redisIsUsed, redisLines, startTraffic, statsOf } from '../../support/traffic.ts'
import { until } from '../../support/until.ts'

/** In the end a lock goes by itself; whoever holds it prolongs it each third of that. */
const LOCK_LIFE_MS = 1000

const postgres = await sharedPostgres(t)
const database = await createDatabase(postgres)

/** No memory tier: every read goes to Redis. */
function begin(t: Test, url: string, settings: Record<string, string> = {}): Promise<TestService> {
  return startService(t, { DATABASE_URL: database, REDIS_URL: url, CACHE_MEMORY_MAX_MB: '0', ...settings })
}

/** Traffic goes on for `requests` reads, all of them well. */
async function readsAreWell(t: Test, service: TestService, requests: number): Promise<void> {
  const traffic = startTraffic(t, service)
  await traffic.more(requests)
  await traffic.stop()
  t.strictSame(traffic.failures, [], `${traffic.requests} reads`)
}

t.test('full, and told to evict nothing: what is in there is served, the rest is loaded', async (t) => {
  const redis = await startRedis(t, { args: ['--maxmemory', '1mb', '--maxmemory-policy', 'noeviction'] })
  const service = await begin(t, redis.url, PATIENT_REDIS)
  await readsAreWell(t, service, 100)
  await service.app.inject({ method: 'DELETE', url: '/cache/clear' })
  let filled = 0
  await until('it to be full', async () => {
    const pipeline = redis.client.pipeline()
    for (let count = 0; count < 100; count++) pipeline.set(`fill:${filled++}`, Buffer.alloc(1000))
    return (await pipeline.exec())!.some(([error]) => error?.message.startsWith('OOM'))
  })
  await readsAreWell(t, service, 200)
  t.match(await statsOf(service), { status: 'connected' }, 'it answers, if with an error')
  t.strictSame(redisLines(service), ['Redis connected', 'Redis refuses commands'], 'said once')
  await redis.client.config('SET', 'maxmemory', '0')
  await redisIsUsedAgain(t, service)
})

t.test('full from the middle of a load on: what cannot be stored is waited for by nobody', async (t) => {
  const redis = await startRedis(t)
  const service = await begin(t, redis.url)
  await redisIsUsedAgain(t, service)
  const session = service.database.connect()
  t.teardown(() => session.end({ timeout: 0 }))
  await session`begin`
  await session`lock table media_articles in access exclusive mode`
  const locks = () => redis.client.keys('barometer:lock:*')
  const asked = service.get('/api/v1/media/latest?limit=3')
  await until('the lock of its load', locks, (found) => found.length === 1)
  await redis.client.config('SET', 'maxmemory', '1')
  await session`rollback`
  await session.end()
  t.equal((await asked).status, 200)
  const stored = performance.now()
  await until('the lock to be given back', locks, (found) => found.length === 0)
  const ms = performance.now() - stored
  t.ok(ms < LOCK_LIFE_MS * 0.6, `given back after ${Math.round(ms)} ms`)
  t.equal((await service.get('/api/v1/media/latest?limit=3')).status, 200)
})

t.test(
  'turned into a replica: used for reading, left seldom; a master again: written to again',
  async (t) => {
    const redis = await startRedis(t)
    // Refusals are what this is about: a machine that is busy for a quarter of a second is none.
    const service = await begin(t, redis.url, { REDIS_COMMAND_TIMEOUT_MS: '2000' })
    const traffic = startTraffic(t, service)
    await redisIsUsed(service)
    // Of a master that is not there: what it has stays, and it takes no writes.
    await redis.client.replicaof('127.0.0.1', 1)
    await redisIsUsed(service)
    await service.app.inject({ method: 'DELETE', url: '/cache/clear' })
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(await redis.client.info('stats'))?.[1])
    const refusals = async () =>
      Number(/total_error_replies:(\d+)/.exec(await redis.client.info('stats'))?.[1])
    await until('many refusals', refusals, (count) => count > 50)
    const before = await connections()
    await traffic.more(200)
    // It leaves a Redis that takes no writes after a while, to look for a better one.
    t.ok((await connections()) - before <= 1, 'not a new connection for each refusal')
    t.match(await statsOf(service), { status: 'connected' })
    t.strictSame(redisLines(service), ['Redis connected', 'Redis refuses commands'])
    await redis.client.replicaof('NO', 'ONE')
    await redisIsUsed(service)
    await traffic.stop()
    t.strictSame(traffic.failures, [], `${traffic.requests} reads`)
  },
)

/** With writes possible again, misses turn into hits. */
async function redisIsUsedAgain(t: Test, service: TestService): Promise<void> {
  const traffic = startTraffic(t, service)
  await redisIsUsed(service)
  await traffic.stop()
}
