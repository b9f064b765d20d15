// The engine while Redis sleeps or goes, and while the clear log is away: nothing that was cleared comes back, and nobody waits for long.
import t from 'tap'
import { sharedPostgres, startPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { beginLife, failingLoad, gatedLoad, loadOf, POLICY, seen } from '../../support/life.ts'
import { renewed } from '../../support/renewed.ts'
import { until } from '../../support/until.ts'

const postgres = await sharedPostgres(t)
const redis = await startRedis(t)
const database = await createDatabase(postgres)
let worlds = 0

/** A place in Redis that no other test uses, on the one clear log. */
function world() {
  return { database, redis, prefix: `world-${++worlds}` }
}

async function stored(prefix: string, key: string): Promise<boolean> {
  return (await redis.client.exists(`${prefix}:v2:${key}`)) === 1
}

t.test('a store that Redis comes to after the clear, since it slept, brings nothing back', async (t) => {
  const place = world()
  const first = await beginLife(t, place)
  const old = gatedLoad()
  const waiting = first.cache.getOrLoad('a', POLICY, old.load)
  await old.begun
  // Its lock would be over by then, and it with it.
  t.equal(await redis.client.persist(`${place.prefix}:lock:{${place.prefix}:v2:a}`), 1)
  redis.pause()
  old.end.open('old')
  await waiting
  const away = await beginLife(t, { database })
  await away.cache.deletePattern('*', 'test')
  redis.resume()
  await until('the store to be executed', () => stored(place.prefix, 'a'))
  const { cache } = await beginLife(t, place)
  t.equal(await seen(cache.getOrLoad('a', POLICY, loadOf('new').load)), 'MISS load: new')
})

t.test('a clear that Redis is too slow for says so, and holds all the same', async (t) => {
  const { cache } = await beginLife(t, world())
  await cache.getOrLoad('a', POLICY, loadOf('old').load)
  redis.pause()
  t.match(await cache.delete('a', 'test'), { deleted: 1, pending: false, swept: false })
  redis.resume()
  t.equal(await seen(cache.getOrLoad('a', POLICY, loadOf('new').load)), 'MISS load: new')
})

t.test('a load that began after the clear may be joined, though its request came before', async (t) => {
  const place = world()
  const { cache } = await beginLife(t, place)
  const only = gatedLoad()
  redis.pause()
  // It waits for Redis until the limit.
  const before = cache.getOrLoad('a', POLICY, only.load)
  const cleared = cache.delete('a', 'test')
  await only.begun
  redis.resume()
  await cleared
  // Or it would wait for a lease first, and may find the load landed.
  await renewed(cache)
  const after = cache.getOrLoad('a', POLICY, failingLoad)
  only.end.open('only')
  t.strictSame(await Promise.all([seen(before), seen(after)]), ['MISS load: only', 'MISS load: only'])
  t.equal(cache.counters.loads, 1)
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'HIT memory: only', 'and is kept')
})

t.test('while one waits, Redis goes away', async (t) => {
  const place = world()
  const [one, other] = [await beginLife(t, place), await beginLife(t, place)]
  // Opening the second may take longer than the lease of the first lasts.
  await renewed(one.cache)
  const slow = gatedLoad()
  const first = seen(one.cache.getOrLoad('a', POLICY, slow.load))
  await slow.begun
  const own = gatedLoad()
  const second = seen(other.cache.getOrLoad('a', POLICY, own.load))
  await redis.kill()
  await own.begun
  own.end.open('own')
  t.equal(await second, 'MISS load: own')
  slow.end.open('body')
  t.equal(await first, 'MISS load: body')
  await redis.restart()
})

t.test('without a lease nothing is loaded, and whoever warms is told', async (t) => {
  const away = await startPostgres(t)
  const { cache } = await beginLife(t, { ...world(), database: await createDatabase(away) })
  await away.kill()
  await until('the lease to be over', () => cache.lease.state !== 'held')
  t.equal(await cache.warm('a', { ...POLICY, recipe: '/a' }, failingLoad), false)
  t.equal(cache.isFresh('a'), false)
})
