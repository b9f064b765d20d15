// When Redis goes on after a hang, what it comes to do late is nobody's: no request waits for a lock that nobody holds.
import t from 'tap'
import { createDatabase } from '../../support/databases.ts'
import { send } from '../../support/http.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { startService } from '../../support/service.ts'
import { redisIsUsed, startTraffic } from '../../support/traffic.ts'
import { until } from '../../support/until.ts'

const database = await createDatabase(await sharedPostgres(t))
const ASKED = 20
const LOCKS = 'barometer:lock:*'

t.test('locks that were asked for before a hang are granted to nobody', async (t) => {
  const redis = await startRedis(t)
  const service = await startService(t, {
    DATABASE_URL: database,
    REDIS_URL: redis.url,
    CACHE_MEMORY_MAX_MB: '0',
  })
  const traffic = startTraffic(t, service)
  await redisIsUsed(service)
  await traffic.stop()
  /** Scripts that Redis has run, and the locks that there are: in one step, as a lock is gone after a second. */
  const look = async (): Promise<[scripts: number, locks: string[]]> => {
    const [stats, locks] = (await redis.client.multi().info('commandstats').keys(LOCKS).exec()) ?? []
    const calls = [...String(stats?.[1]).matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)]
    return [calls.reduce((sum, [, count]) => sum + Number(count), 0), locks?.[1] as string[]]
  }
  const [before] = await until('no lock', look, ([, locks]) => locks.length === 0)
  redis.pause()
  const paths = Array.from({ length: ASKED }, (_, index) => `/api/v1/media/latest?limit=7&offset=${index}`)
  const answers = await Promise.all(paths.map((path) => send(service, path)))
  t.strictSame(new Set(answers.map(({ status }) => status)), new Set([200]), 'each loads for itself')
  redis.resume()
  // What was asked for is still in its buffers, and is done now.
  const [, locks] = await until('it to be done', look, ([scripts]) => scripts >= before + ASKED)
  t.strictSame(locks, [], 'no lock that nobody holds')
  for (const path of paths) t.equal((await send(service, path)).status, 200)
})
