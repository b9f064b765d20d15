// What Redis is asked when nobody asks the service, and when very many do: providers bill by command.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis, startRedisCluster, type TestRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { statsOf } from '../../support/traffic.ts'
import { renewed } from '../../support/renewed.ts'
import { until } from '../../support/until.ts'

const QUIET_MS = 1200
/** As long as an answer to INFO is good for. */
const INFO_AGE_MS = 1000
const PATH = '/api/v1/media/sources'

const postgres = await sharedPostgres(t)
const database = await createDatabase(postgres)

/** Commands executed so far, by name; the asking itself left out. */
async function commands({ client }: TestRedis): Promise<Record<string, number>> {
  const stats = await client.info('commandstats')
  const counts = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, calls]) => [
    name!,
    Number(calls),
  ])
  return Object.fromEntries(counts) as Record<string, number>
}

t.test(
  'an instance that nobody asks anything sends nothing, to one Redis or to a Cluster',
  async (t: Test) => {
    const single = await startRedis(t)
    const cluster = await startRedisCluster(t)
    for (const [nodes, settings] of [
      [[single], {}],
      [cluster.nodes, { REDIS_CLUSTER: 'true' }],
    ] as [TestRedis[], Record<string, string>][]) {
      const service = await startService(t, {
        DATABASE_URL: database,
        REDIS_URL: nodes[0]!.url,
        // Whatever is done again after a time without an answer would be done within the quiet.
        REDIS_CONNECT_TIMEOUT_MS: '300',
        ...settings,
      })
      await service.get(PATH)
      await until(
        'its figures',
        () => statsOf(service),
        ({ redis_own_keys: own }) => own !== null,
      )
      const before = await Promise.all(nodes.map(commands))
      await sleep(QUIET_MS)
      const after = await Promise.all(nodes.map(commands))
      // The first asking is counted by the second.
      for (const counts of before) counts['info'] = (counts['info'] ?? 0) + 1
      t.strictSame(after, before)
      await renewed(service.app.cache)
      await service.get(PATH)
      t.match(await statsOf(service), { status: 'connected', hits: 1 }, 'and it is well afterwards')
      await service.close()
    }
  },
)

t.test(
  'however many poll, INFO is asked at most once a second; hits in memory ask nothing',
  async (t: Test) => {
    const redis = await startRedis(t)
    const service = await startService(t, { DATABASE_URL: database, REDIS_URL: redis.url })
    await service.get(PATH)
    await redis.client.config('RESETSTAT')
    const began = performance.now()
    let polls = 0
    while (performance.now() - began < INFO_AGE_MS * 1.5) {
      const answers = await Promise.all([
        statsOf(service),
        statsOf(service),
        statsOf(service),
        service.get(PATH),
      ])
      t.match(answers[0], { status: 'connected' })
      polls += 3
    }
    const seconds = (performance.now() - began) / INFO_AGE_MS
    const counts = await commands(redis)
    const most = Math.floor(seconds) + 1
    t.ok(polls > 20, `${polls} polls`)
    t.ok(counts['info']! <= most, `INFO ${counts['info']!} times in ${seconds.toFixed(1)} s`)
    t.equal(counts['dbsize'], undefined, 'INFO knows that, too')
    t.equal(counts['scan'], 1, 'and our keys were counted once')
    t.equal(counts['get'], undefined)
  },
)

t.test('what is asked in one turn of the event loop goes out in one piece', async (t: Test) => {
  const redis = await startRedis(t)
  const { app } = await startService(t, { DATABASE_URL: database, REDIS_URL: redis.url })
  const { stream } = app.redis
  const answers = [app.redis.set('a', '1'), app.redis.get('a')]
  t.ok(stream.writableLength > 0, 'nothing has left yet')
  t.strictSame(await Promise.all(answers), ['OK', '1'])
  t.strictSame([stream.writableLength, stream.writableCorked], [0, 0], 'and nothing stays behind')
})
