// An account of Redis with exactly the rights that docs/operations.md names: all works, and nothing that is asked for is refused.
import t, { type Test } from 'tap'
import { createDatabase } from '../../support/databases.ts'
import { DOCUMENTED_RIGHTS } from '../../support/documented-rights.ts'
import { send } from '../../support/http.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis, type TestRedis } from '../../support/redis.ts'
import { renewed } from '../../support/renewed.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import { redisIsUsed, redisLines, startTraffic, statsOf } from '../../support/traffic.ts'
import { until } from '../../support/until.ts'

const database = await createDatabase(await sharedPostgres(t))
const LIST = '/api/v1/media/latest?limit=3'
/** Large enough to be compressed, which replaces it in Redis. */
const LARGE = '/api/v1/media/sources?limit=200'

async function begin(t: Test, redis: TestRedis, rights: string[], number = ''): Promise<TestService> {
  await redis.client.acl('SETUSER', 'reader', 'reset', 'on', '>secret', ...rights)
  const REDIS_URL = `redis://reader:secret@127.0.0.1:${redis.port}${number}`
  return startService(t, { DATABASE_URL: database, REDIS_URL, CACHE_MEMORY_MAX_MB: '0', ...PATIENT_REDIS })
}

/** Commands that Redis refused, `client|setinfo` for a part of one. */
async function refused(redis: TestRedis): Promise<string[]> {
  const lines = (await redis.client.acl('LOG')) as unknown[][]
  return lines.map((line) => String(line[line.indexOf('object') + 1]))
}

t.before(async () => {
  const sources = await startService(t, { DATABASE_URL: database })
  await sources.database.pool`
    insert into media_sources (code, name) select 's' || n, repeat('name ', 8) || n from generate_series(1, 200) n`
  await sources.close()
})

t.test('everything works, and nothing is refused', async (t) => {
  t.ok(DOCUMENTED_RIGHTS.length > 10, DOCUMENTED_RIGHTS.join(' '))
  const redis = await startRedis(t)
  const service = await begin(t, redis, DOCUMENTED_RIGHTS)
  const other = await begin(t, redis, DOCUMENTED_RIGHTS)
  // Locks, entries, hits: of two instances one loads at a time.
  for (const instance of [service, other]) {
    const traffic = startTraffic(t, instance)
    await redisIsUsed(instance)
    await traffic.stop()
    t.strictSame(traffic.failures, [])
  }
  // Compressed, and put in the place of what was stored.
  await until('it to be compressed', async () => {
    await renewed(service.app.cache)
    const { headers } = await send(service, LARGE, { headers: { 'accept-encoding': 'gzip' } })
    return headers['content-encoding'] === 'gzip'
  })
  await send(service, LIST)
  const key = 'media:latest:limit=3&offset=0'
  const entries = await send(service, `/cache/entries?key=${encodeURIComponent(key)}`)
  t.ok([200, 404].includes(entries.status), entries.body)
  const stats = await until(
    'our keys to be counted',
    () => statsOf(service),
    ({ redis_own_keys: own }) => own !== null,
  )
  t.match(stats, { status: 'connected', redis_used_memory: /./, redis_keys: Number })
  t.match((await send(service, '/metrics')).body, /^barometer_redis_memory_bytes \d/m)
  const counted = await send(service, '/cache/clear?pattern=*&dry_run=true', { method: 'DELETE' })
  t.match(JSON.parse(counted.body), { complete: true, sample: [/./] })
  const one = await send(service, '/cache/clear?key=nothing&max=5', { method: 'DELETE' })
  t.match(JSON.parse(one.body), { success: true, deleted: 0 })
  const cleared = JSON.parse((await send(service, '/cache/clear', { method: 'DELETE' })).body) as object
  t.match(cleared, { success: true, message: /^\d+ entr(y|ies) deleted$/ })
  t.strictSame(await redis.client.keys('barometer:v*'), [])
  t.strictSame(await refused(redis), [])
  for (const instance of [service, other]) t.strictSame(redisLines(instance), ['Redis connected'])
})

t.test('with +select, another database', async (t) => {
  const redis = await startRedis(t)
  const service = await begin(t, redis, [...DOCUMENTED_RIGHTS, '+select'], '/2')
  const traffic = startTraffic(t, service)
  await redisIsUsed(service)
  await traffic.stop()
  t.equal(await redis.client.dbsize(), 0)
  t.strictSame(await refused(redis), [])
})

t.test('each of them is asked for', async (t) => {
  const redis = await startRedis(t)
  const service = await begin(t, redis, DOCUMENTED_RIGHTS)
  const traffic = startTraffic(t, service)
  await redisIsUsed(service)
  await traffic.stop()
  await redis.client.acl('SETUSER', 'reader', '-time')
  await redis.client.acl('LOG', 'RESET')
  t.equal((await send(service, '/api/v1/media/latest?limit=9')).status, 200)
  t.strictSame(await refused(redis), ['time'], 'scripts ask for the time')
})
