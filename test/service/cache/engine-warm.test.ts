// What is loaded before anybody asks: by the rules of every other load, counted as nobody's.
import t from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { beginLife, failingLoad, gatedLoad, loadOf, POLICY, seen } from '../../support/life.ts'
import { until } from '../../support/until.ts'

const postgres = await sharedPostgres(t)
const redis = await sharedRedis(t)
const database = await createDatabase(postgres)
const TAGGED = { ...POLICY, tags: ['kind:a'], recipe: '/a' }
let worlds = 0

const world = () => ({ database, redis, prefix: `world-${++worlds}` })

t.test('the next request is a hit, and no look-up was counted', async (t) => {
  const { cache } = await beginLife(t, world())
  t.equal(cache.isFresh('a'), false)
  t.equal(await cache.warm('a', TAGGED, loadOf('loaded').load), true)
  t.equal(cache.isFresh('a'), true)
  t.match(cache.counters, { hits: 0, misses: 0, loads: 1 })
  t.equal(await seen(cache.getOrLoad('a', TAGGED, failingLoad)), 'HIT memory: loaded')
  await cache.warm('a', TAGGED, failingLoad)
  t.equal(cache.counters.loads, 1, 'what is fresh is left alone')
})

t.test('what another instance has loaded is taken from Redis', async (t) => {
  const place = world()
  const [one, other] = [await beginLife(t, place), await beginLife(t, place)]
  await one.cache.getOrLoad('a', TAGGED, loadOf('theirs').load)
  await until('it in Redis', () => redis.client.exists(`${place.prefix}:v2:a`))
  await other.cache.warm('a', TAGGED, failingLoad)
  t.equal(await seen(other.cache.getOrLoad('a', TAGGED, failingLoad)), 'HIT memory: theirs')
})

t.test('a change is announced, what it expired is no longer fresh, and is loaded anew', async (t) => {
  const { cache } = await beginLife(t, world())
  let changes = 0
  cache.onChange(() => changes++)
  await cache.getOrLoad('a', TAGGED, loadOf('old').load)
  await cache.clear({ kind: 'tag', selector: 'kind:a' }, 'test')
  t.ok(changes > 0)
  t.equal(cache.isFresh('a'), false)
  await cache.warm('a', TAGGED, loadOf('new').load)
  t.equal(await seen(cache.getOrLoad('a', TAGGED, failingLoad)), 'HIT memory: new')
})

t.test('a load that a clear overtakes is never answered', async (t) => {
  const { cache } = await beginLife(t, world())
  const slow = gatedLoad()
  const warming = cache.warm('a', TAGGED, slow.load)
  await slow.begun
  await cache.clear({ kind: 'key', selector: 'a' }, 'test')
  slow.end.open('from before')
  await warming
  t.equal(cache.isFresh('a'), false)
  t.equal(await seen(cache.getOrLoad('a', TAGGED, loadOf('new').load)), 'MISS load: new')
})

t.test('a request that comes meanwhile shares the load', async (t) => {
  const { cache } = await beginLife(t, world())
  const slow = gatedLoad()
  const warming = cache.warm('a', TAGGED, slow.load)
  await slow.begun
  const answer = seen(cache.getOrLoad('a', TAGGED, failingLoad))
  slow.end.open('shared')
  t.equal(await answer, 'MISS load: shared')
  await warming
})

t.test('a failure is told to whoever warms, and to nobody else', async (t) => {
  const { cache } = await beginLife(t, world())
  await t.rejects(cache.warm('a', TAGGED, failingLoad))
  t.equal(await seen(cache.getOrLoad('a', TAGGED, loadOf('fine').load)), 'MISS load: fine')
  t.match(cache.counters, { misses: 1, failed: 0, loadFailures: 1 })
})

t.test('hits, misses and nothing else make a key hot', async (t) => {
  const { cache } = await beginLife(t, world())
  await cache.warm('warmed', { ...POLICY, recipe: '/warmed' }, loadOf('x').load)
  await cache.getOrLoad('asked', { ...POLICY, recipe: '/asked' }, loadOf('x').load)
  cache.hit('asked')
  await cache.getOrLoad('rare', { ...POLICY, recipe: '/rare', isRare: true }, loadOf('x').load)
  await cache.get('warmed')
  const hottest = cache.hottest(10)
  t.match(hottest, [
    { key: 'asked', recipe: '/asked' },
    { key: 'warmed', recipe: '/warmed', perMinute: 0 },
  ])
  t.equal(hottest.length, 2)
  cache.hit('warmed')
  cache.hit('warmed')
  cache.hit('warmed')
  t.equal(cache.hottest(1)[0]?.key, 'warmed', 'a warmed key that is only hit is known to be')
})
