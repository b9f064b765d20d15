// What look-ups ask again after they have waited, and where each lifetime ends, to the millisecond.
import t from 'tap'
import type { Cache } from '../../../src/cache/index.ts'
import { LEASE_MS } from '../../../src/cache/lease.ts'
import { gate } from '../../support/gate.ts'
import { bringing, failing, POLICY, seen, settled, STALE_SECONDS, World } from './engine.ts'

/** A cache without memory, on a Redis that has `a` and whose next answer the test holds back. */
async function heldBack() {
  const world = new World()
  const first = await world.open()
  const { entry } = await first.getOrLoad('a', POLICY, bringing('stored'))
  await settled()
  // No clear waits for it.
  await first.close()
  const answers = gate()
  const remote = world.remote()
  let isAsked = false
  const get: typeof remote.get = async (key) => {
    const envelope = await remote.get(key)
    isAsked = true
    await answers.promise
    return envelope
  }
  const cache = await world.open({ memoryMaxBytes: 0, redis: { ...remote, get } })
  return { world, cache, freshUntil: entry.freshUntil, answers, isAsked: () => isAsked }
}

t.test('a hit in Redis is one where the lease still holds when Redis has answered', async (t) => {
  const { world, cache, answers, isAsked } = await heldBack()
  const hit = cache.remoteHit('a')
  await settled()
  t.ok(isAsked())
  world.sleep(LEASE_MS)
  answers.open()
  t.equal(await hit, null, 'what was cleared meanwhile may be complete elsewhere')
  t.equal(cache.counters.redisHits, 0)
})

t.test('a hit in Redis is judged by what was cleared while Redis was asked', async (t) => {
  const { cache, answers } = await heldBack()
  const hit = cache.remoteHit('a')
  await settled()
  await cache.delete('a', 'test')
  answers.open()
  t.equal(await hit, null)
})

t.test('a hit in Redis ends with its lifetime', async (t) => {
  const { world, cache, freshUntil, answers } = await heldBack()
  answers.open()
  world.sleep(freshUntil - world.time.now() - 1)
  await renewed(cache)
  t.not(await cache.remoteHit('a'), null)
  world.sleep(1)
  await renewed(cache)
  t.equal(await cache.remoteHit('a'), null)
  t.not(await cache.get('a'), null, 'it may stand in for a load that fails')
})

t.test('without a lease Redis is not even asked', async (t) => {
  const { world, cache, isAsked } = await heldBack()
  world.sleep(LEASE_MS)
  t.equal(await cache.remoteHit('a'), null)
  t.equal(isAsked(), false)
})

/** A cache whose `a` is in the last part of its lifetime, so many milliseconds before its end. */
async function late(leftMs: number) {
  const world = new World()
  const cache = await world.open({ redis: null })
  await cache.getOrLoad('a', POLICY, bringing('old'))
  const { freshUntil } = (await cache.get('a'))!
  world.sleep(freshUntil - world.time.now() - leftMs)
  await renewed(cache)
  return { world, cache }
}

t.test('a hit ends with its lifetime, also where it is being loaded anew', async (t) => {
  const { world, cache } = await late(2)
  const refresh = gate<{ body: Buffer }>()
  t.equal(await seen(cache.getOrLoad('a', POLICY, () => refresh.promise)), 'HIT memory: old')
  world.sleep(1)
  t.not(cache.hit('a'), null, 'a millisecond before its end')
  t.equal(cache.isFresh('a'), true)
  world.sleep(1)
  t.equal(cache.hit('a'), null, 'at its end')
  t.equal(cache.isFresh('a'), false)
  const asked = cache.getOrLoad('a', POLICY, failing)
  refresh.open({ body: Buffer.from('new') })
  t.equal(await seen(asked), 'MISS load: new')
})

t.test('an expired entry stands in for a load that fails, up to the end of its grace', async (t) => {
  for (const [leftMs, outcome] of [
    [1, 'STALE memory: old'],
    [0, 'no data'],
  ] as const) {
    const { world, cache } = await late(2)
    world.sleep(STALE_SECONDS * 1000)
    await renewed(cache)
    const load = gate<{ body: Buffer }>()
    const answer = seen(cache.getOrLoad('a', POLICY, () => load.promise)).catch((error: unknown) => error)
    world.sleep(2 - leftMs)
    load.fail(new Error('no data'))
    const what = await answer
    t.equal(what instanceof Error ? what.message : what, outcome, `${leftMs} ms before its end`)
  }
})

t.test('what stands in for a slow load is judged when it does', async (t) => {
  const { world, cache } = await late(2)
  await world.pass(2)
  await renewed(cache)
  const load = gate<{ body: Buffer }>()
  const answer = seen(cache.getOrLoad('a', POLICY, () => load.promise))
  await settled()
  await cache.delete('a', 'test')
  await world.pass(1000)
  load.open({ body: Buffer.from('loaded') })
  t.equal(await answer, 'MISS load: loaded', 'a clear came while it waited')
})

/** What came late finds no lease. */
async function renewed(cache: Cache): Promise<void> {
  cache.catchUp()
  await settled()
}
