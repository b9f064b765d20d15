// Redis answers, and with something else than what was asked for, as a broken proxy may: no answer, and no error of ours.
import t from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { startFaultProxy } from '../../support/fault-proxy.ts'
import { beginLife, loadOf, POLICY, seen } from '../../support/life.ts'

const database = await createDatabase(await sharedPostgres(t))
const redis = await sharedRedis(t)

for (const [what, bytes] of Object.entries({
  'a truth': '#t\r\n',
  nothing: '_\r\n',
  'a list': '*1\r\n:7\r\n',
}))
  t.test(`${what} in place of each answer`, async (t) => {
    const proxy = await startFaultProxy(t, redis.port)
    const { cache } = await beginLife(t, { database, redis: { port: proxy.port }, prefix: what })
    proxy.answerWith(() => Buffer.from(bytes))
    t.equal(await seen(cache.getOrLoad('a', POLICY, loadOf('body').load)), 'MISS load: body')
    t.match(await cache.deletePattern('*b*', 'test'), { pending: false, swept: false })
  })
