// Loads: one a key at a time, failures that nobody inherits, and expired entries that stand in for what does not come.
import t from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { beginLife, failingLoad, gatedLoad, loadOf, POLICY, seen, STALE_SECONDS } from '../../support/life.ts'
import { renewed } from '../../support/renewed.ts'
import { until } from '../../support/until.ts'

const postgres = await sharedPostgres(t)
const redis = await sharedRedis(t)
const database = await createDatabase(postgres)
const TTL_MS = POLICY.ttlSeconds * 1000
/** How long a load may take before an expired entry is answered in its place. */
const PATIENCE_MS = 500
let worlds = 0

/** A place in Redis that no other test uses, and a clock that stands still unless the test moves it. */
function world() {
  const clock = { now: Date.now() }
  return { place: { database, redis, prefix: `world-${++worlds}`, time: { now: () => clock.now } }, clock }
}

t.test('a thousand callers at once make one load of a key, and one of each of two keys', async (t) => {
  const { cache } = await beginLife(t, world().place)
  const [a, b] = [loadOf('a'), loadOf('b')]
  const calls = Array.from({ length: 1000 }, (_, index) =>
    index % 2 === 0 ? cache.getOrLoad('a', POLICY, a.load) : cache.getOrLoad('b', POLICY, b.load),
  )
  const answers = await Promise.all(calls.map((call) => seen(call)))
  t.strictSame([...new Set(answers)].sort(), ['MISS load: a', 'MISS load: b'])
  t.strictSame([a.count, b.count], [1, 1])
  t.match(cache.counters, { loads: 2, misses: 1000, memoryHits: 0, redisHits: 0 })
})

t.test('a hit in memory is an answer, not a promise of one', async (t) => {
  const { cache } = await beginLife(t, world().place)
  await cache.getOrLoad('a', POLICY, loadOf('body').load)
  const answer = cache.getOrLoad('a', POLICY, failingLoad)
  t.notOk(answer instanceof Promise)
  t.equal(await seen(answer), 'HIT memory: body')
  t.equal(cache.counters.memoryHits, 1)
})

t.test('a failure reaches all who wait for it, and no later caller', async (t) => {
  const { cache } = await beginLife(t, world().place)
  const failing = gatedLoad()
  const waiting = Array.from({ length: 10 }, async () => cache.getOrLoad('a', POLICY, failing.load))
  const outcomes = Promise.allSettled(waiting)
  await failing.begun
  failing.end.fail(new Error('no data'))
  for (const outcome of await outcomes)
    t.match(outcome, { status: 'rejected', reason: { message: 'no data' } })
  t.equal(await seen(cache.getOrLoad('a', POLICY, loadOf('body').load)), 'MISS load: body')
  t.match(cache.counters, { loads: 2, loadFailures: 1, misses: 11 })
})

t.test(
  'within its lifetime an entry is a hit; its lifetime is up to a tenth shorter than asked for',
  async (t) => {
    const { place, clock } = world()
    const { cache } = await beginLife(t, place)
    await cache.getOrLoad('a', POLICY, loadOf('old').load)
    const { freshUntil, storedAt } = (await cache.get('a'))!
    t.ok(freshUntil - storedAt >= TTL_MS * 0.9 && freshUntil - storedAt <= TTL_MS)
    clock.now += TTL_MS * 0.8
    t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'HIT memory: old')
    clock.now = freshUntil
    t.equal(await seen(cache.getOrLoad('a', POLICY, loadOf('new').load)), 'MISS load: new')
  },
)

t.test('an expired entry stands in for a load that fails, and no longer than it may', async (t) => {
  const { place, clock } = world()
  const { cache } = await beginLife(t, place)
  await cache.getOrLoad('a', POLICY, loadOf('old').load)
  clock.now += TTL_MS
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'STALE memory: old')
  t.match(cache.counters, { loads: 2, loadFailures: 1, misses: 2, stale: 1 })
  clock.now += STALE_SECONDS * 1000
  await t.rejects(async () => cache.getOrLoad('a', POLICY, failingLoad), { message: 'no data' })
  t.equal(cache.counters.stale, 1)
})

t.test('an expired entry stands in for a load that takes long, which goes on and is kept', async (t) => {
  const { place, clock } = world()
  const { cache } = await beginLife(t, place)
  await cache.getOrLoad('a', POLICY, loadOf('old').load)
  clock.now += TTL_MS
  const slow = gatedLoad()
  const began = performance.now()
  const [first, second] = [cache.getOrLoad('a', POLICY, slow.load), cache.getOrLoad('a', POLICY, slow.load)]
  t.strictSame(await Promise.all([seen(first), seen(second)]), ['STALE memory: old', 'STALE memory: old'])
  t.ok(performance.now() - began >= PATIENCE_MS - 2, 'not before the load had its chance')
  // Or it would wait for a lease first, and may find the load landed.
  await renewed(cache)
  const third = cache.getOrLoad('a', POLICY, failingLoad)
  slow.end.open('new')
  t.equal(await seen(third), 'MISS load: new', 'who comes later waits for the same load')
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'HIT memory: new')
  t.equal(cache.counters.loads, 2)
})

t.test('who comes to a load that takes long already does not wait as long again', async (t) => {
  const { place, clock } = world()
  const { cache } = await beginLife(t, place)
  await cache.getOrLoad('a', POLICY, loadOf('old').load)
  clock.now += TTL_MS
  const slow = gatedLoad()
  t.equal(await seen(cache.getOrLoad('a', POLICY, slow.load)), 'STALE memory: old')
  const began = performance.now()
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'STALE memory: old')
  t.ok(performance.now() - began < PATIENCE_MS / 2, `${performance.now() - began} ms`)
  slow.end.open('new')
})

t.test('a load that fails after its time was up hurts nobody', async (t) => {
  const { place, clock } = world()
  const { cache } = await beginLife(t, place)
  await cache.getOrLoad('a', POLICY, loadOf('old').load)
  clock.now += TTL_MS
  const slow = gatedLoad()
  t.equal(await seen(cache.getOrLoad('a', POLICY, slow.load)), 'STALE memory: old')
  slow.end.fail(new Error('no data'))
  await new Promise(setImmediate)
  t.equal(await seen(cache.getOrLoad('a', POLICY, loadOf('new').load)), 'MISS load: new')
})

t.test('a load without an expired entry is waited for, however long it takes', async (t) => {
  const { cache } = await beginLife(t, world().place)
  const slow = gatedLoad()
  const answer = seen(cache.getOrLoad('a', POLICY, slow.load))
  // Another key's patience, begun later, is over.
  await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS + 50))
  slow.end.open('late')
  t.equal(await answer, 'MISS load: late')
})

t.test('nothing stands in after a clear, whether it came before the load or during it', async (t) => {
  const { place, clock } = world()
  const { cache } = await beginLife(t, place)
  for (const key of ['a', 'b']) await cache.getOrLoad(key, POLICY, loadOf('old').load)
  clock.now += TTL_MS
  await cache.delete('a', 'test')
  await t.rejects(async () => cache.getOrLoad('a', POLICY, failingLoad), { message: 'no data' })
  const failing = gatedLoad()
  const waiting = cache.getOrLoad('b', POLICY, failing.load)
  await failing.begun
  await cache.delete('b', 'test')
  failing.end.fail(new Error('no data'))
  await t.rejects(async () => waiting, { message: 'no data' })
  t.equal(cache.counters.stale, 0)
})

t.test('a new process finds what may stand in for a failed load in Redis', async (t) => {
  const { place, clock } = world()
  const first = await beginLife(t, place)
  await first.cache.getOrLoad('a', POLICY, loadOf('old').load)
  await until('it in Redis', () => redis.client.exists(`${place.prefix}:v2:a`))
  await first.end()
  clock.now += TTL_MS
  const { cache } = await beginLife(t, place)
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'STALE redis: old')
  const slow = gatedLoad()
  t.equal(
    await seen(cache.getOrLoad('a', POLICY, slow.load)),
    'STALE redis: old',
    'or for one that takes long',
  )
  slow.end.open('new')
})

t.test('an error that is the answer is not covered up, and what it ends never comes back', async (t) => {
  const { place, clock } = world()
  const isAnswer = (error: unknown) => error instanceof Error && error.message === 'no such article'
  const { cache } = await beginLife(t, { ...place, isAnswer })
  await cache.getOrLoad('a', POLICY, loadOf('old').load)
  await until('it in Redis', () => redis.client.exists(`${place.prefix}:v2:a`))
  clock.now += TTL_MS
  const gone = () => Promise.reject(new Error('no such article'))
  await t.rejects(async () => cache.getOrLoad('a', POLICY, gone), { message: 'no such article' })
  t.equal(cache.counters.loadFailures, 0, 'that was no failure')
  await until('it gone from Redis', async () => (await redis.client.exists(`${place.prefix}:v2:a`)) === 0)
  await t.rejects(async () => cache.getOrLoad('a', POLICY, failingLoad), { message: 'no data' })
})

t.test('a body over the limit is served, to all who wait, and not stored', async (t) => {
  const { place } = world()
  const { cache } = await beginLife(t, { ...place, entryMaxBytes: 10 })
  const large = loadOf('x'.repeat(11))
  const answers = [cache.getOrLoad('a', POLICY, large.load), cache.getOrLoad('a', POLICY, large.load)]
  for (const answer of answers) t.equal(await seen(answer), `BYPASS load: ${'x'.repeat(11)}`)
  await cache.set('a', POLICY, { body: Buffer.alloc(11) })
  t.equal(await cache.get('a'), null)
  t.match(cache.counters, { loads: 1, bypassed: 2 })
  await cache.getOrLoad('b', POLICY, loadOf('x'.repeat(10)).load)
  t.equal(
    await seen(cache.getOrLoad('b', POLICY, failingLoad)),
    `HIT memory: ${'x'.repeat(10)}`,
    'at the limit',
  )
  await until('that one in Redis', () => redis.client.exists(`${place.prefix}:v2:b`))
  t.equal(await redis.client.exists(`${place.prefix}:v2:a`), 0)
})

t.test('set, get and delete go by the same rules', async (t) => {
  const { place } = world()
  const { cache } = await beginLife(t, place)
  t.equal(await cache.get('a'), null)
  await cache.set('a', POLICY, { body: Buffer.from('set'), link: '<x>; rel="next"' })
  t.match(await cache.get('a'), { identity: Buffer.from('set'), link: '<x>; rel="next"' })
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'HIT memory: set')
  const other = await beginLife(t, place)
  t.match(await other.cache.get('a'), { identity: Buffer.from('set') }, 'from Redis')
  await cache.delete('a', 'test')
  t.equal(await cache.get('a'), null)
  t.match(cache.counters, { misses: 0 }, 'which counts nothing')
})

t.test('with one tier or none, loads are shared all the same', async (t) => {
  const { place } = world()
  const redisOnly = await beginLife(t, { ...place, memoryMaxBytes: 0 })
  await redisOnly.cache.getOrLoad('a', POLICY, loadOf('body').load)
  await until('it in Redis', () => redis.client.exists(`${place.prefix}:v2:a`))
  t.equal(await seen(redisOnly.cache.getOrLoad('a', POLICY, failingLoad)), 'HIT redis: body')
  t.match(redisOnly.cache.counters, { redisHits: 1, misses: 1 })
  const bare = await beginLife(t, { database, memoryMaxBytes: 0 })
  const load = loadOf('body')
  await Promise.all([
    bare.cache.getOrLoad('a', POLICY, load.load),
    bare.cache.getOrLoad('a', POLICY, load.load),
  ])
  t.equal(load.count, 1)
  t.equal(await seen(bare.cache.getOrLoad('a', POLICY, load.load)), 'MISS load: body')
})
