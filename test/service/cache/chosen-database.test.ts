// The database that REDIS_URL names is the one that is used, or none: Redis may refuse it, at the start or later.
import t from 'tap'
import { redisFindings } from '../../../src/cli/doctor/redis.ts'
import { loadConfig } from '../../../src/config.ts'
import { createDatabase } from '../../support/databases.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { PATIENT_REDIS, startService } from '../../support/service.ts'
import { redisIsUsed, redisLines, startTraffic, statsOf } from '../../support/traffic.ts'
import { until } from '../../support/until.ts'

const postgres = await sharedPostgres(t)
const database = await createDatabase(postgres)
const redis = await startRedis(t)
const USER = 'reader'
const PASSWORD = 'a long password of this test'
const withUser = (number: number) =>
  `redis://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${redis.port}/${number}`

t.beforeEach(async () => {
  await redis.client.flushall()
  await redis.client.acl('SETUSER', USER, 'reset', 'on', `>${PASSWORD}`, '~*', '+@all')
})

t.test('refused at the start: the start is refused, by name', async (t) => {
  const url = `redis://127.0.0.1:${redis.port}/99`
  await t.rejects(startService(t, { DATABASE_URL: database, REDIS_URL: url }), {
    name: 'ConfigError',
    message: /^REDIS_URL: Redis refuses database 99: ERR DB index is out of range/,
  })
  await redis.client.acl('SETUSER', USER, '-select')
  await t.rejects(startService(t, { DATABASE_URL: database, REDIS_URL: withUser(2) }), {
    name: 'ConfigError',
    message: /^REDIS_URL: Redis refuses database 2: NOPERM/,
  })
  const [first, second] = await Promise.all(
    [url, withUser(2)].map((REDIS_URL) => redisFindings(loadConfig({ REDIS_URL }))),
  )
  t.match(first, [
    { check: 'redis', level: 'problem', says: /database 99/, advice: /the number behind the host/ },
  ])
  t.match(second, [{ check: 'redis', level: 'problem', says: /database 2/, advice: /\+select/ }])
})

t.test('refused later: Redis counts as away, and database 0 stays as it is', async (t) => {
  const settings = {
    DATABASE_URL: database,
    REDIS_URL: withUser(2),
    CACHE_MEMORY_MAX_MB: '0',
    ...PATIENT_REDIS,
  }
  const service = await startService(t, settings)
  const traffic = startTraffic(t, service)
  await redisIsUsed(service)
  await redis.client.acl('SETUSER', USER, '-select')
  await redis.client.client('KILL', 'USER', USER)
  await until('it to be said', () =>
    service.log.some(
      ({ msg, reason }) => msg === 'Redis refuses commands' && /database 2/.test(String(reason)),
    ),
  )
  await traffic.more(100)
  t.match(await statsOf(service), { status: 'degraded' })
  t.equal(await redis.client.dbsize(), 0, 'nothing in database 0')
  await redis.client.acl('SETUSER', USER, '+select')
  await redisIsUsed(service)
  t.equal(await redis.client.dbsize(), 0, 'nor afterwards')
  await traffic.stop()
  t.strictSame(traffic.failures, [])
  t.strictSame(redisLines(service), [
    'Redis connected',
    'Redis is away',
    'Redis refuses commands',
    'Redis is back',
  ])
})
