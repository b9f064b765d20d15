// A Redis that lets in by password, and accounts that may not do everything: reads are answered 200, and what may not be done is left out.
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis, type TestRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import { redisLines, startTraffic, statsOf } from '../../support/traffic.ts'
import { until } from '../../support/until.ts'

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
