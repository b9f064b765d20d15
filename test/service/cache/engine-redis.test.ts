// What the engine puts into Redis, and what it takes from there: every key has an end, and nothing found is trusted.
import t from 'tap'
import { bodyOf, encodeEntry, decodeEntry } from '../../../src/cache/entry.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { beginLife, failingLoad, loadOf, POLICY, seen, STALE_SECONDS } from '../../support/life.ts'
import { until } from '../../support/until.ts'

const postgres = await sharedPostgres(t)
const redis = await sharedRedis(t)
const place = { database: await createDatabase(postgres), redis }
const KEY = 'test:v2:a'

t.beforeEach(() => redis.client.flushall())

t.test('a new process is served from Redis, and from its memory after that', async (t) => {
  const first = await beginLife(t, place)
  const answer = await first.cache.getOrLoad('a', POLICY, () =>
    Promise.resolve({ body: Buffer.from('body'), link: '<x>; rel="next"' }),
  )
  await until('it in Redis', () => redis.client.exists(KEY))
  await first.end()
  const { cache } = await beginLife(t, place)
  const found = await cache.getOrLoad('a', POLICY, failingLoad)
  t.match(found, { outcome: 'HIT', tier: 'redis' })
  t.same(
    { ...found.entry, judgedAt: null },
    { ...answer.entry, judgedAt: null },
    'entity tag, link and times with it',
  )
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'HIT memory: body')
  t.match(cache.counters, { redisHits: 1, memoryHits: 1, misses: 0, loads: 0 })
})

t.test('every key in Redis has an end: lifetime and grace, the lifetime jittered', async (t) => {
  const { cache } = await beginLife(t, place)
  const keys = Array.from({ length: 300 }, (_, index) => `many:${index}`)
  await Promise.all(keys.map(async (key) => cache.getOrLoad(key, POLICY, loadOf('body').load)))
  await until(
    'all in Redis',
    // Without the locks of those that are on their way.
    () => redis.client.keys('test:v2:many:*'),
    ({ length }) => length === keys.length,
  )
  const graces = await Promise.all(
    keys.map(async (key) => (await redis.client.pttl(`test:v2:${key}`)) - STALE_SECONDS * 1000),
  )
  const [shortest, longest] = [Math.min(...graces), Math.max(...graces)]
  const ttl = POLICY.ttlSeconds * 1000
  // What passed since the first store comes off; a minute would be a broken machine.
  t.ok(shortest >= ttl * 0.9 - 60_000 && longest <= ttl + 1, `${shortest} to ${longest} ms`)
  t.ok(longest - shortest > ttl * 0.07, 'spread over most of a tenth')
})

t.test('an entry that Redis kept beyond its time is a miss', async (t) => {
  const clock = { now: Date.now() }
  const { cache, end } = await beginLife(t, { ...place, time: { now: () => clock.now } })
  await cache.getOrLoad('a', POLICY, loadOf('old').load)
  await until('it in Redis', () => redis.client.exists(KEY))
  await end()
  clock.now += (POLICY.ttlSeconds + STALE_SECONDS) * 1000
  const later = await beginLife(t, { ...place, time: { now: () => clock.now } })
  await t.rejects(async () => later.cache.getOrLoad('a', POLICY, failingLoad), { message: 'no data' })
})

t.test('rubbish in the place of an entry is a miss, and is overwritten', async (t) => {
  const first = await beginLife(t, place)
  await first.cache.getOrLoad('a', POLICY, loadOf('good').load)
  await until('it in Redis', () => redis.client.exists(KEY))
  await first.end()
  const envelope = (await redis.client.getBuffer(KEY))!
  const newer = Buffer.from(envelope)
  newer.writeUInt8(newer.readUInt8(2) + 1, 2)
  const flipped = Buffer.from(envelope)
  flipped[flipped.length - 1]! ^= 1
  const elsewhere = encodeEntry({ ...decodeEntry(envelope)!, epoch: 'another log' })
  const rubbish: Record<string, () => Promise<unknown>> = {
    'a list': () => redis.client.rpush(KEY, 'x'),
    'a hash': () => redis.client.hset(KEY, 'field', 'x'),
    'a stream': () => redis.client.xadd(KEY, '*', 'field', 'x'),
    'an empty string': () => redis.client.set(KEY, ''),
    text: () => redis.client.set(KEY, '{"data":[]}'),
    'a truncated entry': () => redis.client.set(KEY, envelope.subarray(0, -1)),
    'a prolonged entry': () => redis.client.set(KEY, Buffer.concat([envelope, Buffer.from('x')])),
    'a damaged entry': () => redis.client.set(KEY, flipped),
    'an entry of another version': () => redis.client.set(KEY, newer),
    'an entry of another log': () => redis.client.set(KEY, elsewhere),
  }
  for (const [name, put] of Object.entries(rubbish)) {
    await redis.client.del(KEY)
    await put()
    const { cache, end } = await beginLife(t, place)
    t.equal(await seen(cache.getOrLoad('a', POLICY, loadOf('loaded').load)), 'MISS load: loaded', name)
    await until(`${name} to be overwritten`, async () => {
      const found = await redis.client.getBuffer(KEY).catch(() => null)
      return found !== null && bodyOf(decodeEntry(found)!).toString() === 'loaded'
    })
    t.ok((await redis.client.pttl(KEY)) > 0, 'with an end')
    await end()
  }
})

t.test('two processes that share Redis serve what the other one loaded', async (t) => {
  const [one, other] = [await beginLife(t, place), await beginLife(t, place)]
  await one.cache.getOrLoad('a', POLICY, loadOf('shared').load)
  await until('it in Redis', () => redis.client.exists(KEY))
  t.equal(await seen(other.cache.getOrLoad('a', POLICY, failingLoad)), 'HIT redis: shared')
})
