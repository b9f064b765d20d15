// The database that REDIS_URL names is the one that is used, or none: Redis may refuse it.
import t from 'tap'
import { redisFindings } from '../../../src/cli/doctor/redis.ts'
import { loadConfig } from '../../../src/config.ts'
import { createDatabase } from '../../support/databases.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { startService } from '../../support/service.ts'

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
