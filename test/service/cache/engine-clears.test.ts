// No load that began before a clear is answered after it, from memory or from Redis, by this process or the next one.
import t from 'tap'
import { appendClear } from '../../../src/db/clear-log.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { beginLife, failingLoad, gatedLoad, loadOf, POLICY, seen } from '../../support/life.ts'
import { renewed } from '../../support/renewed.ts'
import { until } from '../../support/until.ts'

const postgres = await sharedPostgres(t)
const redis = await sharedRedis(t)
const database = await createDatabase(postgres)
/** As a load of data writes it, in another process. */
const SOFT = { kind: 'pattern', selector: '*', soft: true, actor: 'load' } as const
let worlds = 0

/** A place in Redis that no other test uses, on the one clear log. */
function world() {
  return { database, redis, prefix: `world-${++worlds}` }
}

async function stored(prefix: string, key: string): Promise<boolean> {
  return (await redis.client.exists(`${prefix}:v2:${key}`)) === 1
}

t.test('a load that a clear overtook is answered to who waited for it, and to nobody else', async (t) => {
  const place = world()
  const { cache } = await beginLife(t, place)
  const old = gatedLoad()
  const waiting = cache.getOrLoad('media:list:', POLICY, old.load)
  await old.begun
  t.match(await cache.deletePattern('media:*', 'test'), { deleted: 0, pending: false, swept: true })
  old.end.open('old')
  t.equal(await seen(waiting), 'MISS load: old')
  t.equal(await stored(place.prefix, 'media:list:'), false, 'it did not go to Redis either')
  t.equal(await seen(cache.getOrLoad('media:list:', POLICY, loadOf('new').load)), 'MISS load: new')
  t.equal(await seen(cache.getOrLoad('media:list:', POLICY, failingLoad)), 'HIT memory: new')
})

t.test(
  'who comes after a clear does not join the load before it, whichever of the two ends first',
  async (t) => {
    const { cache } = await beginLife(t, world())
    for (const order of ['old first', 'new first']) {
      const [old, young] = [gatedLoad(), gatedLoad()]
      const before = cache.getOrLoad('a', POLICY, old.load)
      await old.begun
      await cache.delete('a', 'test')
      const after = cache.getOrLoad('a', POLICY, young.load)
      await young.begun
      if (order === 'old first') old.end.open('old')
      young.end.open('new')
      t.equal(await seen(after), 'MISS load: new', order)
      old.end.open('old')
      t.equal(await seen(before), 'MISS load: old')
      t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'HIT memory: new', 'and stays')
      await cache.deletePattern('*', 'test')
    }
  },
)

t.test('what a clear does not select stays, in memory and in Redis', async (t) => {
  const place = world()
  const first = await beginLife(t, place)
  await first.cache.getOrLoad('volume:a', POLICY, loadOf('volume').load)
  await first.cache.getOrLoad('media:a', POLICY, loadOf('media').load)
  await until(
    'both to be in Redis',
    async () => (await stored(place.prefix, 'volume:a')) && stored(place.prefix, 'media:a'),
  )
  t.match(await first.cache.deletePattern('media:*', 'test'), { deleted: 1 })
  t.equal(await seen(first.cache.getOrLoad('volume:a', POLICY, failingLoad)), 'HIT memory: volume')
  await first.end()
  const { cache } = await beginLife(t, place)
  t.equal(await seen(cache.getOrLoad('volume:a', POLICY, failingLoad)), 'HIT redis: volume')
  t.equal(await seen(cache.getOrLoad('media:a', POLICY, loadOf('new').load)), 'MISS load: new')
})

t.test('a store into Redis that comes after the sweep brings nothing back', async (t) => {
  const place = world()
  const [slow, clearing] = [await beginLife(t, place), await beginLife(t, place)]
  const old = gatedLoad()
  const waiting = slow.cache.getOrLoad('a', POLICY, old.load)
  await old.begun
  // Another process on the same log: the slow one does not hear of it, and stores what it has.
  await clearing.cache.deletePattern('*', 'test')
  old.end.open('old')
  await waiting
  await until('the late store', () => stored(place.prefix, 'a'))
  await renewed(clearing.cache)
  t.equal(await seen(clearing.cache.getOrLoad('a', POLICY, loadOf('new').load)), 'MISS load: new')
  const reborn = await beginLife(t, place)
  t.equal(
    await seen(reborn.cache.getOrLoad('a', POLICY, failingLoad)),
    'HIT redis: new',
    'it was overwritten',
  )
})

t.test('a process that starts later knows of clears that Redis did not hear of', async (t) => {
  const place = world()
  const first = await beginLife(t, place)
  for (const key of ['a', 'b']) await first.cache.getOrLoad(key, POLICY, loadOf('old').load)
  await until('both in Redis', async () => (await stored(place.prefix, 'a')) && stored(place.prefix, 'b'))
  await first.end()
  const away = await beginLife(t, { database })
  await away.cache.delete('a', 'test')
  const { cache } = await beginLife(t, place)
  t.ok(await stored(place.prefix, 'a'), 'it is still there')
  t.equal(await seen(cache.getOrLoad('a', POLICY, loadOf('new').load)), 'MISS load: new')
  t.equal(await seen(cache.getOrLoad('b', POLICY, failingLoad)), 'HIT redis: old', 'not cleared')
})

t.test('a soft clear expires: the entry stands in for a load that fails, and for no other', async (t) => {
  const place = world()
  const { cache, pool } = await beginLife(t, place)
  for (const key of ['a', 'b']) await cache.getOrLoad(key, POLICY, loadOf('old').load)
  await appendClear(pool, SOFT)
  await cache.delete('c', 'test')
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'STALE memory: old')
  t.equal(await seen(cache.getOrLoad('b', POLICY, loadOf('new').load)), 'MISS load: new')
  t.equal(await seen(cache.getOrLoad('b', POLICY, failingLoad)), 'HIT memory: new')
})

t.test('a load that a soft clear overtook does not replace what was loaded since', async (t) => {
  const { cache, pool } = await beginLife(t, world())
  const [old, young] = [gatedLoad(), gatedLoad()]
  const before = cache.getOrLoad('a', POLICY, old.load)
  await old.begun
  await appendClear(pool, SOFT)
  await cache.delete('c', 'test')
  const after = cache.getOrLoad('a', POLICY, young.load)
  young.end.open('new')
  await after
  old.end.open('old')
  await before
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'HIT memory: new')
})

t.test('entries of another clear log are worth nothing', async (t) => {
  const place = world()
  const first = await beginLife(t, place)
  await first.cache.getOrLoad('a', POLICY, loadOf('elsewhere').load)
  await until('it to be in Redis', () => stored(place.prefix, 'a'))
  const other = await beginLife(t, { ...place, database: await createDatabase(postgres) })
  t.equal(await seen(other.cache.getOrLoad('a', POLICY, loadOf('here').load)), 'MISS load: here')
})

t.test('a pattern that cannot be matched is refused before anything is cleared', async (t) => {
  const { cache, pool } = await beginLife(t, world())
  await cache.getOrLoad('a', POLICY, loadOf('kept').load)
  const before = await pool`select seq from cache_clears`
  await t.rejects(cache.deletePattern('x'.repeat(65), 'test'), RangeError)
  t.equal((await pool`select seq from cache_clears`).length, before.length)
  t.equal(await seen(cache.getOrLoad('a', POLICY, failingLoad)), 'HIT memory: kept')
})
