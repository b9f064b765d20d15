// The service under load while Redis goes away and comes back, in every way it can: all reads are answered 200, none waits long, and
// Redis is taken back into use by itself.
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import { startProxy } from '../../support/tcp-proxy.ts'
import { redisIsUsed, redisLines, startTraffic, statsOf, type Traffic } from '../../support/traffic.ts'
import { until } from '../../support/until.ts'

const COMMAND_LIMIT_MS = 250
/** For a busy machine; still less than any connection's own time limit, after which a hung request would come back by itself. */
const MARGIN_MS = 3000
const CONNECT_LIMIT_MS = 5000

// Each with a Redis and a service of its own; the longest comes first.
t.jobs = 2
const postgres = await sharedPostgres(t)
const database = await createDatabase(postgres)

/** No memory tier: every read goes to Redis. */
async function begin(
  t: Test,
  port: number,
  settings: Record<string, string> = {},
): Promise<[TestService, Traffic]> {
  const service = await startService(t, {
    DATABASE_URL: database,
    REDIS_URL: `redis://127.0.0.1:${port}`,
    REDIS_COMMAND_TIMEOUT_MS: String(COMMAND_LIMIT_MS),
    REDIS_CONNECT_TIMEOUT_MS: String(CONNECT_LIMIT_MS),
    CACHE_MEMORY_MAX_MB: '0',
    ...settings,
  })
  return [service, startTraffic(t, service)]
}

async function isAway(service: TestService): Promise<void> {
  await until(
    'Redis to be noticed as away',
    () => statsOf(service),
    ({ status }) => status === 'degraded',
  )
}

/** The end of every story here. */
async function allIsWell(t: Test, service: TestService, traffic: Traffic, lines: string[]): Promise<void> {
  await traffic.stop()
  t.strictSame(traffic.failures, [], `${traffic.requests} requests`)
  t.ok(
    traffic.slowestMs < COMMAND_LIMIT_MS + MARGIN_MS,
    `the slowest took ${Math.round(traffic.slowestMs)} ms`,
  )
  t.strictSame(redisLines(service), lines, 'one line a change')
}

void t.test(
  'answering its handshake and nothing else: tried ever less often, and the log stays readable',
  { buffered: true },
  async (t) => {
    const redis = await startRedis(t)
    let isDeaf = true
    const proxy = await startProxy(t, redis.port, (data) => isDeaf && data.includes('get\r\n'))
    const [service, traffic] = await begin(t, proxy.port, { REDIS_COMMAND_TIMEOUT_MS: '50' })
    await until('five attempts', () => proxy.accepted >= 5)
    const began = performance.now()
    await until('a sixth', () => proxy.accepted >= 6)
    const pause = performance.now() - began
    t.ok(pause > 1500, `the sixth after ${Math.round(pause)} ms`)
    isDeaf = false
    await redisIsUsed(service)
    await traffic.stop()
    t.strictSame(traffic.failures, [], `${traffic.requests} requests`)
  },
)

void t.test('killed and restarted', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  const [service, traffic] = await begin(t, redis.port, PATIENT_REDIS)
  await redisIsUsed(service)
  await redis.kill()
  await isAway(service)
  t.match(await statsOf(service), {
    backend: 'memory',
    redis_connected: false,
    redis_keys: null,
    redis_used_memory: null,
  })
  await traffic.more(200)
  await redis.restart()
  await redisIsUsed(service)
  await allIsWell(t, service, traffic, ['Redis connected', 'Redis is away', 'Redis is back'])
})

void t.test('hung and woken', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  const [service, traffic] = await begin(t, redis.port)
  await redisIsUsed(service)
  redis.pause()
  await isAway(service)
  await traffic.more(200)
  redis.resume()
  await redisIsUsed(service)
  await allIsWell(t, service, traffic, ['Redis connected', 'Redis is away', 'Redis is back'])
})

void t.test('behind a network that swallows everything, then not', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  const proxy = await startProxy(t, redis.port)
  const [service, traffic] = await begin(t, proxy.port)
  await redisIsUsed(service)
  proxy.swallow()
  await isAway(service)
  await traffic.more(200)
  proxy.forward()
  await redisIsUsed(service)
  await allIsWell(t, service, traffic, ['Redis connected', 'Redis is away', 'Redis is back'])
})

void t.test('down at the start, started later', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  await redis.kill()
  const [service, traffic] = await begin(t, redis.port, PATIENT_REDIS)
  await traffic.more(200)
  t.match(await statsOf(service), {
    enabled: true,
    status: 'degraded',
    backend: 'memory',
    redis_connected: false,
  })
  await redis.restart()
  await redisIsUsed(service)
  await allIsWell(t, service, traffic, ['Redis is away', 'Redis is back'])
})

void t.test('hung at the start, woken later', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  redis.pause()
  const [service, traffic] = await begin(t, redis.port, {
    ...PATIENT_REDIS,
    REDIS_CONNECT_TIMEOUT_MS: '1000',
  })
  await traffic.more(200)
  redis.resume()
  await redisIsUsed(service)
  await allIsWell(t, service, traffic, ['Redis is away', 'Redis is back'])
})

void t.test(
  'swallowed at the start: the connection is given up and made anew until one gets through',
  { buffered: true },
  async (t) => {
    const redis = await startRedis(t)
    const proxy = await startProxy(t, redis.port)
    proxy.swallow()
    const [service, traffic] = await begin(t, proxy.port, {
      ...PATIENT_REDIS,
      REDIS_CONNECT_TIMEOUT_MS: '500',
    })
    await until('a second attempt', () => proxy.accepted >= 2)
    proxy.forward()
    await redisIsUsed(service)
    await allIsWell(t, service, traffic, ['Redis is away', 'Redis is back'])
  },
)

void t.test('emptied while in use', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  const [service, traffic] = await begin(t, redis.port, PATIENT_REDIS)
  for (let round = 0; round < 3; round++) {
    await redisIsUsed(service)
    await redis.client.flushall()
  }
  await redisIsUsed(service)
  await allIsWell(t, service, traffic, ['Redis connected'])
})
