// Loads and clears that meet: what is kept of a load that a clear overtook, and what stands in its place.
import t from 'tap'
import type { Cache } from '../../../src/cache/index.ts'
import { gate } from '../../support/gate.ts'
import { bringing, failing, POLICY, seen, settled, World } from './engine.ts'

type Body = Awaited<ReturnType<ReturnType<typeof bringing>>>

/** A load that ends when the test says so. */
function gated() {
  const end = gate<Body>()
  return {
    load: () => end.promise,
    end: (body: string) => end.open({ body: Buffer.from(body) }),
    fail: end.fail,
  }
}

/** Expires what a change of data would, and has the cache hear of it. */
async function clearSoftly(world: World, cache: Cache, key: string): Promise<void> {
  world.log.append({ kind: 'key', selector: key, soft: true, actor: 'data' }, 0, 10_000)
  cache.catchUp()
  await settled()
}

/** Whether there is anything of it in Redis. */
const inRedis = (world: World, key = 'a'): boolean => world.redis.get(key) !== null

t.test('a load that a clear overtook is answered to who waited for it, and to nobody else', async (t) => {
  const world = new World()
  const cache = await world.open()
  const slow = gated()
  const before = seen(cache.getOrLoad('a', POLICY, slow.load))
  await settled()
  await cache.delete('a', 'test')
  const after = seen(cache.getOrLoad('a', POLICY, bringing('new')))
  slow.end('old')
  t.equal(await before, 'MISS load: old')
  t.equal(await after, 'MISS load: new')
  await settled()
  t.equal(await seen(cache.getOrLoad('a', POLICY, failing)), 'HIT memory: new')
  const other = await world.open()
  t.equal(await seen(other.getOrLoad('a', POLICY, failing)), 'HIT redis: new')
})

t.test('a load that ends after a clear is not kept, whoever asks next', async (t) => {
  const world = new World()
  const cache = await world.open()
  const slow = gated()
  const before = seen(cache.getOrLoad('a', POLICY, slow.load))
  await settled()
  await cache.delete('a', 'test')
  slow.end('old')
  await before
  await settled()
  t.equal(cache.hit('a'), null)
  t.equal(inRedis(world), false)
  await t.rejects(async () => cache.getOrLoad('a', POLICY, failing))
})

t.test('what was cleared softly is no hit, and stands in for a load that fails', async (t) => {
  const world = new World()
  const cache = await world.open()
  await cache.getOrLoad('a', POLICY, bringing('old'))
  await settled()
  await clearSoftly(world, cache, 'a')
  t.equal(cache.hit('a'), null)
  t.equal(cache.isFresh('a'), false)
  t.equal(await cache.remoteHit('a'), null)
  t.equal(await seen(cache.getOrLoad('a', POLICY, failing)), 'STALE memory: old')
  t.equal(await seen(cache.getOrLoad('a', POLICY, bringing('new'))), 'MISS load: new')
  t.match(cache.counters, { memoryStale: 1, memoryHits: 0, loadFailures: 1 })
})

t.test('a load that a soft clear overtook does not replace what was loaded since', async (t) => {
  const world = new World()
  const cache = await world.open({ redis: null })
  const slow = gated()
  const before = seen(cache.getOrLoad('a', POLICY, slow.load))
  await settled()
  await clearSoftly(world, cache, 'a')
  t.equal(await seen(cache.getOrLoad('a', POLICY, bringing('new'))), 'MISS load: new')
  slow.end('old')
  await before
  await settled()
  t.equal(await seen(cache.getOrLoad('a', POLICY, failing)), 'HIT memory: new')
})

t.test(
  '"there is no such thing" is kept briefly, in memory alone, and never stands in for anything',
  async (t) => {
    const world = new World()
    const cache = await world.open()
    const absent = () => Promise.resolve({ body: Buffer.from('no'), absent: true })
    const { entry } = await cache.getOrLoad('a', POLICY, absent)
    await settled()
    t.equal(inRedis(world), false)
    t.ok(entry.freshUntil - world.time.now() <= 10_000, 'no longer than asked for')
    t.equal(cache.hit('a'), null, 'the short way answers bodies only')
    t.equal(await seen(cache.getOrLoad('a', POLICY, failing)), 'HIT memory: no')
    world.sleep(10_000)
    cache.catchUp()
    await settled()
    await t.rejects(async () => cache.getOrLoad('a', POLICY, failing), { message: 'no data' })
  },
)

t.test('what turns out to be gone does not come back when a later load fails', async (t) => {
  for (const [name, gone] of Object.entries({
    'an answer that is an error': () => Promise.reject(new RangeError('no such page')),
    'an absence': () => Promise.resolve({ body: Buffer.from('no'), absent: true }),
  })) {
    const world = new World()
    const cache = await world.open({ isAnswer: (error) => error instanceof RangeError })
    await cache.getOrLoad('a', POLICY, bringing('old'))
    await settled()
    await clearSoftly(world, cache, 'a')
    await seen(cache.getOrLoad('a', POLICY, gone)).catch(() => undefined)
    await settled()
    t.equal(inRedis(world), false, name)
    world.sleep(10_000)
    cache.catchUp()
    await settled()
    await t.rejects(async () => cache.getOrLoad('a', POLICY, failing), { message: 'no data' }, name)
    t.equal(cache.counters.loadFailures, 1, 'an answer is no failure')
  }
})

t.test('a body over the limit is served and not stored, and no other instance waits for it', async (t) => {
  const world = new World()
  const cache = await world.open({ entryMaxBytes: 3 })
  t.equal(await seen(cache.getOrLoad('a', POLICY, bringing('four'))), 'BYPASS load: four')
  await settled()
  t.equal(cache.hit('a'), null)
  t.equal(inRedis(world), false)
  const other = await world.open()
  t.equal(await seen(other.getOrLoad('a', POLICY, bringing('next'))), 'MISS load: next', 'the lock is free')
  await cache.set('b', POLICY, { body: Buffer.from('four') })
  t.equal(await cache.get('b'), null)
})

t.test('no lifetime is longer than asked for, and they are not all of one length', async (t) => {
  const cache = await new World().open({ redis: null })
  const lifetimes = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const { entry } = await cache.getOrLoad(`a:${index}`, POLICY, bringing('body'))
      return (entry.freshUntil - entry.storedAt) / 1000
    }),
  )
  t.ok(Math.max(...lifetimes) <= POLICY.ttlSeconds, `up to ${Math.max(...lifetimes)} s`)
  t.ok(Math.min(...lifetimes) >= POLICY.ttlSeconds * 0.9, `from ${Math.min(...lifetimes)} s`)
  t.ok(Math.max(...lifetimes) - Math.min(...lifetimes) > POLICY.ttlSeconds * 0.05)
})

t.test('who comes to a load that takes long already does not wait as long again', async (t) => {
  const world = new World()
  const cache = await world.open({ redis: null })
  await cache.getOrLoad('a', POLICY, bringing('old'))
  await clearSoftly(world, cache, 'a')
  const slow = gated()
  const first = seen(cache.getOrLoad('a', POLICY, slow.load))
  await world.pass(490)
  const second = seen(cache.getOrLoad('a', POLICY, failing))
  await world.pass(20)
  t.equal(await first, 'STALE memory: old')
  t.equal(await second, 'STALE memory: old')
  slow.end('new')
  await settled()
  t.equal(await seen(cache.getOrLoad('a', POLICY, failing)), 'HIT memory: new', 'the load went on')
})

t.test('what is asked for near its end is loaded anew once, and of many keys few at a time', async (t) => {
  const world = new World()
  const cache = await world.open({ redis: null })
  const keys = ['a', 'b', 'c', 'd', 'e', 'f']
  for (const key of keys) await cache.getOrLoad(key, POLICY, bringing('old'))
  const ends = await Promise.all(keys.map(async (key) => (await cache.get(key))!))
  // Past the moment of each from which it is loaded anew, which is before the end of the first: both lie in a tenth of a lifetime.
  world.sleep(
    Math.max(...ends.map((end) => end.freshUntil - (end.freshUntil - end.storedAt) * 0.1)) - world.time.now(),
  )
  cache.catchUp()
  await settled()
  const loads = gated()
  let begun = 0
  const count = () => {
    begun++
    return loads.load()
  }
  for (const key of [...keys, ...keys])
    t.equal(await seen(cache.getOrLoad(key, POLICY, count)), 'HIT memory: old')
  await settled()
  t.equal(begun, 4)
  loads.end('new')
  await settled()
  t.equal(await seen(cache.getOrLoad('a', POLICY, failing)), 'HIT memory: new')
})

t.test('without a lease every answer counts as expired, and a load is shared all the same', async (t) => {
  const world = new World()
  const log = world.clearLog()
  let isAway = false
  const read: typeof log.read = (...asked) =>
    isAway ? Promise.reject(new Error('away')) : log.read(...asked)
  const cache = await world.open({ redis: null, log: { ...log, read } })
  await cache.getOrLoad('a', POLICY, bringing('old'))
  isAway = true
  await world.pass(1000)
  t.equal(cache.hit('a'), null)
  t.equal(await seen(cache.getOrLoad('a', POLICY, failing)), 'STALE memory: old')
  t.equal(await cache.warm('b', POLICY, failing), false, 'nothing is warmed')
  const slow = gated()
  const first = seen(cache.getOrLoad('b', POLICY, slow.load))
  await settled()
  const second = seen(cache.getOrLoad('b', POLICY, failing))
  await settled()
  slow.end('new')
  t.equal(await first, 'MISS load: new')
  t.equal(await second, 'STALE load: new', 'from before it was asked for')
})
