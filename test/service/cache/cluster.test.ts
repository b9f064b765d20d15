// On a real Redis Cluster of three masters: entries spread over them, figures added up, clears that reach every one of them.
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedisCluster } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService, type TestService } from '../../support/service.ts'
import { statsOf } from '../../support/traffic.ts'
import { until } from '../../support/until.ts'

const KEYS = 60
const FOREIGN_PER_NODE = 5

const [postgres, cluster] = await Promise.all([sharedPostgres(t), startRedisCluster(t)])
const database = await createDatabase(postgres)
t.beforeEach(() => Promise.all(cluster.nodes.map(({ client }) => client.flushall())))

/** With Redis in use: a start goes on without one that takes more than a second to connect to. */
async function begin(t: Test): Promise<TestService> {
  const service = await startService(t, {
    DATABASE_URL: database,
    REDIS_URL: cluster.url,
    REDIS_CLUSTER: 'true',
    // The first command to each master waits for its connection too.
    REDIS_COMMAND_TIMEOUT_MS: '10000',
    // Or what is in memory would not be stored by asking again.
    CACHE_MEMORY_MAX_MB: '0',
  })
  await until('Redis connected', () => service.app.redis.status === 'ready')
  return service
}

/** Far apart: keys with numbers in a row tend to be of one node. */
const OFFSETS = Array.from({ length: KEYS }, (_, index) => (index * 7919) % 100_000)

function path(index: number): string {
  return `/api/v1/media/latest?offset=${OFFSETS[index]!}`
}

/** Keys that begin so, of each node. */
async function keysOf(beginning: string): Promise<string[][]> {
  return Promise.all(cluster.nodes.map(({ client }) => client.keys(`${beginning}*`)))
}

/** Reads all paths, and resolves when each is in Redis. */
async function fill(service: TestService): Promise<void> {
  await until(
    'all in Redis',
    async () => {
      // Again for what was loaded without a lease, as on a machine that stands still: that is not stored.
      for (let index = 0; index < KEYS; index++) await service.get(path(index))
      return keysOf('barometer:v2:')
    },
    (keys) => keys.flat().length === KEYS,
  )
}

/** Keys of somebody else on every node. */
async function addForeign(): Promise<void> {
  for (const { client } of cluster.nodes) {
    let added = 0
    for (let index = 0; added < FOREIGN_PER_NODE; index++) {
      // A key of another node's slots is refused.
      const isAdded = await client.set(`foreign:${index}`, 'x').then(Boolean, () => false)
      added += isAdded ? 1 : 0
    }
  }
}

async function clear({ app }: TestService, query = ''): Promise<{ deleted: number }> {
  const response = await app.inject({ method: 'DELETE', url: `/cache/clear${query}` })
  return response.json()
}

t.test('entries are spread over the masters, and found again by a new process', async (t) => {
  const first = await begin(t)
  await fill(first)
  for (const keys of await keysOf('barometer:v2:')) t.ok(keys.length > 0, `${keys.length} keys`)
  await first.close()
  const service = await begin(t)
  for (let index = 0; index < KEYS; index++) {
    const { headers } = await service.get(path(index))
    if (headers.get('cache-status')?.endsWith('detail=redis') !== true) t.fail(`${path(index)} was not found`)
  }
  t.match(await statsOf(service), { redis_hits: KEYS, loads: 0 })
})

t.test('figures are those of all masters together', async (t) => {
  const service = await begin(t)
  await addForeign()
  await fill(service)
  const foreign = (await keysOf('foreign:')).flat().length
  t.equal(foreign, FOREIGN_PER_NODE * 3)
  const stats = await until(
    'the figures',
    () => statsOf(service),
    ({ redis_own_keys: own }) => own === KEYS,
  )
  t.match(stats, { status: 'connected', redis_keys: KEYS + foreign })
  const used = await Promise.all(
    cluster.nodes.map(async ({ client }) =>
      Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]),
    ),
  )
  const sum = used.reduce((one, other) => one + other)
  const told = Number(stats['redis_used_memory_bytes'])
  t.ok(Math.abs(told - sum) < sum * 0.2, `${told} of ${sum} bytes`)
})

t.test('a clear reaches every master, and none but ours', async (t) => {
  const service = await begin(t)
  await addForeign()
  await fill(service)
  const ones = OFFSETS.filter((offset) => String(offset).startsWith('1')).length
  t.match(await clear(service, '?pattern=media:list:*offset=1*'), { deleted: ones })
  t.equal((await keysOf('barometer:v2:')).flat().length, KEYS - ones)
  const gone = OFFSETS.findIndex((offset) => String(offset).startsWith('1'))
  t.equal((await service.get(path(gone))).headers.get('x-cache'), 'MISS')
  t.equal((await service.get(path(0))).headers.get('x-cache'), 'HIT')
  await until(
    'that one in Redis again',
    () => keysOf('barometer:v2:'),
    (keys) => keys.flat().length === KEYS - ones + 1,
  )
  const key = encodeURIComponent(`media:list:limit=20&offset=${OFFSETS[gone]!}&order=desc`)
  t.match(await clear(service, `?key=${key}`), { deleted: 1 })
  t.match(await clear(service), { deleted: KEYS - ones })
  t.same(await keysOf('barometer:v2:'), [[], [], []])
  for (const keys of await keysOf('foreign:')) t.equal(keys.length, FOREIGN_PER_NODE)
})

t.test('thousands of keys go in batches', async (t) => {
  const service = await begin(t)
  let own = 0
  for (const { client } of cluster.nodes) {
    const pipeline = client.pipeline()
    for (let index = 0; index < 6000; index++) pipeline.set(`barometer:v2:media:${index}`, 'x')
    own += (await pipeline.exec())!.filter(([error]) => error === null).length
  }
  t.ok(own === 6000, 'each key belongs to one node')
  t.match(await clear(service, '?pattern=media:*'), { deleted: own })
  t.same(await keysOf('barometer:v2:'), [[], [], []])
})
