// What clients and operators see of a Redis that is killed: the answers that there were, and no figure that is true no more.
import t, { type Test } from 'tap'
import { createDatabase } from '../../support/databases.ts'
import { send } from '../../support/http.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import { statsOf } from '../../support/traffic.ts'
import { until } from '../../support/until.ts'

const LIST = '/api/v1/media/latest?limit=2'
const database = await createDatabase(await sharedPostgres(t))
const redis = await startRedis(t)
t.afterEach(() => redis.restart())

function begin(t: Test, settings: Record<string, string> = {}): Promise<TestService> {
  return startService(t, { DATABASE_URL: database, REDIS_URL: redis.url, ...PATIENT_REDIS, ...settings })
}

/** Values of the metrics without labels, by name. */
async function metricsOf(service: TestService): Promise<Record<string, number>> {
  const text = await (await service.get('/metrics')).text()
  return Object.fromEntries(
    [...text.matchAll(/^(\w+) (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)]),
  )
}

t.test('hits that came from Redis, in front of the framework, are loaded', async (t) => {
  const service = await begin(t, { CACHE_MEMORY_MAX_MB: '0' })
  const miss = await send(service, LIST)
  // The first one makes it known by its URL.
  for (const hit of ['first', 'second'])
    await until(`a ${hit} hit`, async () => (await send(service, LIST)).headers['x-cache'] === 'HIT')
  await redis.kill()
  const alone = await send(service, LIST)
  t.strictSame([alone.status, alone.body], [200, miss.body])
})

t.test('metrics of Redis are those of now', async (t) => {
  const service = await begin(t, { CACHE_MEMORY_MAX_MB: '0' })
  await service.get(LIST)
  const there = await until(
    'its figures',
    () => metricsOf(service),
    (all) => all['barometer_redis_memory_bytes'] !== undefined,
  )
  t.match(there, { barometer_redis_connected: 1, barometer_redis_breaker_open: 0 })
  await redis.kill()
  await service.get(LIST)
  const away = await until(
    'it to be noticed',
    () => metricsOf(service),
    (all) => all['barometer_redis_connected'] === 0,
  )
  t.equal(away['barometer_redis_memory_bytes'], undefined, 'what was true is so no more')
  await service.get(LIST)
  const { barometer_redis_unanswered_total: unanswered } = await metricsOf(service)
  t.ok(unanswered! > away['barometer_redis_unanswered_total']!)
})

t.test('what Redis said before it went away is not said after', async (t) => {
  const service = await begin(t)
  await until(
    'its figures',
    () => statsOf(service),
    ({ redis_keys: keys }) => keys === 0,
  )
  await redis.kill()
  const away = await until(
    'it to be noticed',
    () => statsOf(service),
    ({ status }) => status === 'degraded',
  )
  const nothing = {
    redis_used_memory: null,
    redis_used_memory_bytes: null,
    redis_keys: null,
    redis_own_keys: null,
  }
  t.match(away, { backend: 'memory', redis_connected: false, ...nothing })
  await redis.restart()
  const back = await until(
    'it to be back',
    () => statsOf(service),
    ({ redis_keys: keys }) => keys === 0,
  )
  t.match(back, { status: 'connected', redis_own_keys: 0 })
})
