// What is still asked for shortly before its end is loaded anew in the background: nobody waits, and one instance does it for all.
import t from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { beginLife, failingLoad, gatedLoad, loadOf, POLICY, seen } from '../../support/life.ts'
import { renewed } from '../../support/renewed.ts'
import { until } from '../../support/until.ts'

const postgres = await sharedPostgres(t)
const redis = await sharedRedis(t)
const database = await createDatabase(postgres)
const TTL_MS = POLICY.ttlSeconds * 1000
let worlds = 0

/** The clock stands so that the entry of a key is in the last part of its lifetime. */
async function late() {
  const clock = { now: Date.now() }
  const where = { database, redis, prefix: `world-${++worlds}`, time: { now: () => clock.now } }
  const { cache } = await beginLife(t, where)
  await cache.getOrLoad('a', POLICY, loadOf('old').load)
  await until('it in Redis', () => redis.client.exists(`${where.prefix}:v2:a`))
  const { freshUntil, storedAt } = (await cache.get('a'))!
  clock.now = freshUntil - (freshUntil - storedAt) * 0.05
  await renewed(cache)
  return { where, clock, cache, freshUntil }
}

t.test('who asks late gets the old answer at once, and the next one the new', async (t) => {
  const { cache } = await late()
  t.equal(cache.hit('a'), null, 'the short way leaves it to the one that can load')
  const refresh = gatedLoad()
  t.equal(await seen(cache.getOrLoad('a', POLICY, refresh.load)), 'HIT memory: old')
  await refresh.begun
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'HIT memory: old', 'one is enough')
  t.not(cache.hit('a'), null)
  refresh.end.open('new')
  await until('it', async () => (await seen(cache.getOrLoad('a', POLICY, failingLoad))) === 'HIT memory: new')
  t.match(cache.counters, { loads: 2, loadFailures: 0, misses: 1 })
})

t.test('who asks earlier causes nothing', async (t) => {
  const { cache, clock, freshUntil } = await late()
  clock.now = freshUntil - TTL_MS / 2
  t.not(cache.hit('a'), null)
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'HIT memory: old')
  t.equal(cache.counters.loads, 1)
})

t.test('a failure is nobody’s, and tried again only after a pause', async (t) => {
  const { cache, clock } = await late()
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'HIT memory: old')
  await until('the failure', () => cache.counters.loadFailures === 1)
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'HIT memory: old')
  t.equal(cache.counters.loads, 2)
  clock.now += 1001
  await until('another try', async () => {
    await cache.getOrLoad('a', POLICY, loadOf('new').load)
    return cache.counters.loads === 3
  })
  await until('it', async () => (await seen(cache.getOrLoad('a', POLICY, failingLoad))) === 'HIT memory: new')
})

t.test('another instance takes what the first has loaded anew', async (t) => {
  const { where, cache, clock } = await late()
  const other = await beginLife(t, where)
  const now = clock.now
  t.equal(await seen(other.cache.getOrLoad('a', POLICY, failingLoad)), 'HIT redis: old')
  await renewed(cache)
  await cache.getOrLoad('a', POLICY, loadOf('new').load)
  await until('it', async () => (await seen(cache.getOrLoad('a', POLICY, failingLoad))) === 'HIT memory: new')
  clock.now = now + 1
  const unused = loadOf('unused')
  await until(
    'it here',
    async () => (await seen(other.cache.getOrLoad('a', POLICY, unused.load))) === 'HIT memory: new',
  )
  t.equal(unused.count, 0)
})

t.test('a clear is not undone by it', async (t) => {
  const { cache } = await late()
  const refresh = gatedLoad()
  await cache.getOrLoad('a', POLICY, refresh.load)
  await refresh.begun
  await cache.delete('a', 'test')
  const after = seen(cache.getOrLoad('a', POLICY, loadOf('after').load))
  refresh.end.open('before')
  t.equal(await after, 'MISS load: after')
  await renewed(cache)
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'HIT memory: after')
})
