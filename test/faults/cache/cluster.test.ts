// On a real Redis Cluster whose masters hang or are killed, one of them or all: reads go on, and all is used again when they are back.
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedisCluster } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService, type TestService } from '../../support/service.ts'
import { redisIsUsed, redisLines, startTraffic, statsOf } from '../../support/traffic.ts'
import { until } from '../../support/until.ts'

const [postgres, cluster] = await Promise.all([sharedPostgres(t), startRedisCluster(t)])
const database = await createDatabase(postgres)
t.beforeEach(() => Promise.all(cluster.nodes.map(({ client }) => client.flushall())))

function begin(t: Test, settings: Record<string, string> = {}): Promise<TestService> {
  return startService(t, {
    DATABASE_URL: database,
    REDIS_URL: cluster.url,
    REDIS_CLUSTER: 'true',
    ...settings,
  })
}

/** Keys that begin so, of each node. */
async function keysOf(beginning: string): Promise<string[][]> {
  return Promise.all(cluster.nodes.map(({ client }) => client.keys(`${beginning}*`)))
}

t.test(
  'a master that hangs, and one that is killed, are survived; all is used again when they are back',
  async (t) => {
    const service = await begin(t, { CACHE_MEMORY_MAX_MB: '0', REDIS_CONNECT_TIMEOUT_MS: '1000' })
    const traffic = startTraffic(t, service)
    await redisIsUsed(service)
    // Not the node of the URL: it is how a client that lost all connections finds the others.
    const [hanging, dying] = [cluster.nodes[1]!, cluster.nodes[2]!]
    const began = performance.now()
    hanging.pause()
    await traffic.more(100)
    hanging.resume()
    await redisIsUsed(service)
    await dying.kill()
    await traffic.more(100)
    await dying.restart()
    await until('the cluster to be whole', async () => {
      const infos = await Promise.all(cluster.nodes.map(({ client }) => client.cluster('INFO')))
      return infos.every((info) => info.includes('cluster_state:ok'))
    })
    await redisIsUsed(service)
    await until(
      'each master to be written to',
      () => keysOf('barometer:v2:'),
      (keys) => keys.every((own) => own.length > 0),
    )
    await traffic.stop()
    t.strictSame(traffic.failures, [], `${traffic.requests} reads`)
    t.ok(traffic.slowestMs < 3250, `the slowest took ${Math.round(traffic.slowestMs)} ms`)
    // The others answer meanwhile: each look at what is left of it ends in a line of its own, and none is said for a read.
    const seconds = (performance.now() - began) / 1000
    t.ok(redisLines(service).length < 4 + 2 * seconds, `${seconds} s: ${redisLines(service).join(', ')}`)
  },
)

t.test('all masters away, at the start and later', async (t) => {
  const away = await Promise.all(cluster.nodes.map(({ kill }) => kill()))
  t.equal(away.length, 3)
  const service = await begin(t, { CACHE_MEMORY_MAX_MB: '0', REDIS_CONNECT_TIMEOUT_MS: '1000' })
  const traffic = startTraffic(t, service)
  await traffic.more(50)
  t.match(await statsOf(service), { status: 'degraded', redis_keys: null })
  await Promise.all(cluster.nodes.map(({ restart }) => restart()))
  await redisIsUsed(service)
  for (const node of cluster.nodes) node.pause()
  await until(
    'that to be noticed',
    () => statsOf(service),
    ({ status }) => status === 'degraded',
  )
  await traffic.more(50)
  await traffic.stop()
  t.strictSame(traffic.failures, [], `${traffic.requests} reads`)
  const began = performance.now()
  await service.close()
  t.ok(performance.now() - began < 3000, 'stopped while all hang')
  for (const node of cluster.nodes) node.resume()
})
