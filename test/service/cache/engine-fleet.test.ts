// One load of a key for all instances that share a Redis: who holds its lock loads, the others wait for what it stores.
import t, { type Test } from 'tap'
import { LOCK_LIFE_MS, TURN_PATIENCE_MS } from '../../../src/cache/fleet-load.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { beginLife, failingLoad, gatedLoad, loadOf, POLICY, seen, type Life } from '../../support/life.ts'
import { renewed } from '../../support/renewed.ts'
import { until } from '../../support/until.ts'

const postgres = await sharedPostgres(t)
const redis = await sharedRedis(t)
const database = await createDatabase(postgres)
const RARE = { ...POLICY, isRare: true }
let worlds = 0

function world() {
  const prefix = `world-${++worlds}`
  const lock = (key: string): string => `${prefix}:lock:{${prefix}:v2:${key}}`
  return {
    place: { database, redis, prefix },
    lock,
    isStored: async (key: string) => (await redis.client.exists(`${prefix}:v2:${key}`)) === 1,
    isLocked: async (key: string) => (await redis.client.exists(lock(key))) === 1,
  }
}

/** Two that hold a lease: opening the second may take longer than that of the first lasts. */
async function pair(t: Test, place: Parameters<typeof beginLife>[1]): Promise<[Life, Life]> {
  const [one, other] = [await beginLife(t, place), await beginLife(t, place)]
  await renewed(one.cache)
  return [one, other]
}

t.test('callers of a cold key on two instances make one load', async (t) => {
  const { place, isLocked } = world()
  const [one, other] = await pair(t, place)
  const slow = gatedLoad()
  const spare = loadOf('spare')
  const first = Array.from({ length: 50 }, () => seen(one.cache.getOrLoad('a', POLICY, slow.load)))
  await slow.begun
  const second = Array.from({ length: 50 }, () => seen(other.cache.getOrLoad('a', POLICY, spare.load)))
  await until('the other to ask', () => other.cache.counters.misses === 0 && isLocked('a'))
  slow.end.open('body')
  t.strictSame(new Set(await Promise.all(first)), new Set(['MISS load: body']))
  t.strictSame(new Set(await Promise.all(second)), new Set(['HIT redis: body']))
  t.equal(spare.count, 0)
  t.equal(await isLocked('a'), false, 'storing gives the lock back')
})

t.test('a holder that dies holds the others up no longer than its lock lives', async (t) => {
  const { place, lock, isStored } = world()
  const [dying, other] = await pair(t, place)
  const lost = gatedLoad()
  seen(dying.cache.getOrLoad('a', POLICY, lost.load)).catch(() => undefined)
  await lost.begun
  // Gone from Redis, and with it what would extend the lock.
  await dying.end()
  const began = performance.now()
  t.equal(await seen(other.cache.getOrLoad('a', POLICY, loadOf('body').load)), 'MISS load: body')
  t.ok(performance.now() - began < LOCK_LIFE_MS + 1000, `${performance.now() - began} ms`)
  // Who has waited in vain stores nothing.
  await until('it to be stored, as only who has the lock may', () => isStored('a'))
  t.ok((await redis.client.pttl(lock('a'))) <= LOCK_LIFE_MS)
  lost.end.fail(new Error('gone'))
})

t.test('a lock is kept as long as its holder loads; who waits too long loads for itself', async (t) => {
  const { place, isLocked, isStored } = world()
  const [one, other] = await pair(t, place)
  const slow = gatedLoad()
  const first = seen(one.cache.getOrLoad('a', POLICY, slow.load))
  await slow.begun
  t.equal(await seen(other.cache.getOrLoad('a', POLICY, loadOf('own').load)), 'MISS load: own')
  t.equal(await isLocked('a'), true, `after ${TURN_PATIENCE_MS} ms, more than a lock’s life`)
  t.equal(await isStored('a'), false, 'what was loaded without the lock is not stored')
  slow.end.open('slow')
  t.equal(await first, 'MISS load: slow')
  await until('it to be stored', () => isStored('a'))
})

t.test('a load that fails frees the others, each to try once', async (t) => {
  const { place, isLocked } = world()
  const [one, other] = await pair(t, place)
  const failing = gatedLoad()
  const first = seen(one.cache.getOrLoad('a', POLICY, failing.load))
  await failing.begun
  const second = seen(other.cache.getOrLoad('a', POLICY, loadOf('body').load))
  failing.end.fail(new Error('no data'))
  await t.rejects(first, { message: 'no data' })
  t.equal(await second, 'MISS load: body')
  await until('the lock to be free', async () => !(await isLocked('a')))
  await t.rejects(async () => one.cache.getOrLoad('b', POLICY, failingLoad))
  await until('this one too', async () => !(await isLocked('b')))
})

t.test('who comes after a clear does not wait for a load from before it', async (t) => {
  const { place, isStored } = world()
  const [one, other] = await pair(t, place)
  const old = gatedLoad()
  const before = seen(one.cache.getOrLoad('a', POLICY, old.load))
  await old.begun
  await other.cache.delete('a', 'test')
  await renewed(other.cache)
  t.equal(await seen(other.cache.getOrLoad('a', POLICY, loadOf('new').load)), 'MISS load: new')
  await until('it to be stored', () => isStored('a'))
  old.end.open('old')
  t.equal(await before, 'MISS load: old', 'who asked before the clear gets what there was')
  const third = await beginLife(t, place)
  t.equal(await seen(third.cache.getOrLoad('a', POLICY, failingLoad)), 'HIT redis: new')
})

/** Scripts that Redis has run so far. */
async function scriptCalls(): Promise<number> {
  const stats = await redis.client.info('commandstats')
  const calls = [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)]
  return calls.reduce((sum, [, count]) => sum + Number(count), 0)
}

t.test('a clear of something else does not part those who wait', async (t) => {
  const { place } = world()
  const [one, other] = await pair(t, place)
  const slow = gatedLoad()
  const first = seen(one.cache.getOrLoad('a', POLICY, slow.load))
  await slow.begun
  await other.cache.delete('b', 'test')
  await renewed(other.cache)
  const looks = await scriptCalls()
  const second = seen(other.cache.getOrLoad('a', POLICY, loadOf('its own').load))
  // The holder extends its lock now and then; three more cannot all be that.
  await until('the other to have looked', async () => (await scriptCalls()) >= looks + 3)
  slow.end.open('body')
  t.strictSame(await Promise.all([first, second]), ['MISS load: body', 'HIT redis: body'])
})

t.test('what few ask for enters Redis with its second miss', async (t) => {
  const { place, isStored } = world()
  const one = await beginLife(t, { ...place, memoryMaxBytes: 0 })
  t.equal(await seen(one.cache.getOrLoad('page', RARE, loadOf('first').load)), 'MISS load: first')
  t.equal(await seen(one.cache.getOrLoad('page', RARE, loadOf('second').load)), 'MISS load: second')
  await until('it to be stored', () => isStored('page'))
  t.equal(await seen(one.cache.getOrLoad('page', RARE, failingLoad)), 'HIT redis: second')
  t.equal(await seen(one.cache.getOrLoad('other', RARE, loadOf('x').load)), 'MISS load: x')
  t.equal(await isStored('other'), false)
})

t.test('what stands at the places of an entry and its lock is no hindrance', async (t) => {
  const { place, lock, isStored } = world()
  const { cache } = await beginLife(t, place)
  await redis.client.lpush(lock('a'), 'a list')
  await redis.client.lpush(`${place.prefix}:v2:a`, 'a list')
  t.equal(await seen(cache.getOrLoad('a', POLICY, loadOf('body').load)), 'MISS load: body')
  await until('it to be stored', async () => (await redis.client.type(`${place.prefix}:v2:a`)) === 'string')
  await redis.client.set(lock('b'), 'no lock of ours')
  t.equal(await seen(cache.getOrLoad('b', POLICY, loadOf('body').load)), 'MISS load: body')
  await until('this one too', () => isStored('b'))
})
