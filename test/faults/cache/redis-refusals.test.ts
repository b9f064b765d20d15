// A Redis that is there and refuses: the wrong password, no room, no writing. Reads are answered 200, and the log is not flooded.
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis, type TestRedis } from '../../support/redis.ts'
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

t.test('the right password, wherever it stands; that of the URL wins', async (t) => {
  const { port } = await startRedis(t, { password: 'p@ss' })
  const urls: [string, Record<string, string>][] = [
    [`redis://127.0.0.1:${port}`, { REDIS_PASSWORD: 'p@ss' }],
    [`redis://:p%40ss@127.0.0.1:${port}`, { REDIS_PASSWORD: 'other' }],
    [`redis://default:p%40ss@127.0.0.1:${port}/3`, {}],
  ]
  for (const [url, settings] of urls) {
    const service = await begin(t, url, settings)
    t.match(await statsOf(service), { status: 'connected' })
    t.notMatch(JSON.stringify(service.log), /p@ss|p%40ss|other/, 'no password in the log')
    await service.close()
  }
})

t.test('a wrong password, or none: degraded, one line, and reads go on', async (t) => {
  const { port } = await startRedis(t, { password: 'right' })
  for (const url of [`redis://:wrong@127.0.0.1:${port}`, `redis://127.0.0.1:${port}`]) {
    const service = await begin(t, url)
    await readsAreWell(t, service, 100)
    t.match(await statsOf(service), { status: 'degraded', redis_keys: null })
    t.strictSame(redisLines(service), ['Redis is away'])
    const reason = String(service.log.find(({ msg }) => msg.startsWith('Redis is away'))?.['reason'])
    t.match(reason, /WRONGPASS|NOAUTH/, reason)
    await service.close()
  }
})

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

/** What look-ups, and the scripts around them, are made of. */
const NEEDED = ['hello', 'get', 'unlink', 'evalsha', 'eval', 'getrange', 'set', 'pexpire', 'del']

/** An account that may do so much, at our keys alone. */
async function allow(redis: TestRedis, commands: string[]): Promise<string> {
  const may = commands.map((command) => `+${command}`)
  await redis.client.acl('SETUSER', 'reader', 'reset', 'on', '>secret', '~barometer:*', ...may)
  return `redis://reader:secret@127.0.0.1:${redis.port}`
}

t.test('an account that may not run scripts, or not write: reads go on without', async (t) => {
  const redis = await startRedis(t)
  for (const missing of [['evalsha', 'eval'], ['set'], ['get'], ['del', 'unlink']]) {
    const url = await allow(
      redis,
      NEEDED.filter((command) => !missing.includes(command)),
    )
    const service = await begin(t, url, PATIENT_REDIS)
    await readsAreWell(t, service, 200)
    t.match(await statsOf(service), { status: 'connected' }, `without ${missing.join()}`)
    t.strictSame(redisLines(service), ['Redis connected', 'Redis refuses commands'], 'said once')
    await service.close()
  }
})

t.test('an account that may not do everything: what it may not is left out', async (t) => {
  const redis = await startRedis(t)
  const service = await begin(t, await allow(redis, NEEDED))
  const traffic = startTraffic(t, service)
  await until(
    'hits',
    () => statsOf(service),
    ({ redis_hits: hits }) => hits > 10,
  )
  await traffic.stop()
  t.strictSame(traffic.failures, [])
  t.match(await statsOf(service), {
    status: 'connected',
    redis_used_memory: null,
    redis_keys: null,
    redis_own_keys: null,
  })
  const cleared = await service.app.inject({ method: 'DELETE', url: '/cache/clear' })
  t.equal(cleared.statusCode, 200)
  t.match(cleared.json<{ message: string }>().message, /never answered again/, 'SCAN it may not')
  t.equal(
    (await service.get('/api/v1/media/latest?offset=0')).headers.get('x-cache'),
    'MISS',
    'and yet it is cleared',
  )
})

/** With writes possible again, misses turn into hits. */
async function redisIsUsedAgain(t: Test, service: TestService): Promise<void> {
  const traffic = startTraffic(t, service)
  await redisIsUsed(service)
  await traffic.stop()
}
