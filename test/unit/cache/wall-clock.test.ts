// A wall clock that is set back lengthens no lifetime: here, nor by what came from a machine whose clock was ahead.
import t from 'tap'
import { Cache, type CacheOptions } from '../../../src/cache/index.ts'
import { decodeEntry, encodeEntry } from '../../../src/cache/entry.ts'
import type { RemoteTier } from '../../../src/cache/remote.ts'
import { steadyWallClock } from '../../../src/time/time.ts'
import { loadOf, seen } from '../../support/life.ts'

const HOUR_MS = 3_600_000
const POLICY = { ttlSeconds: 3 }
const EMPTY_LOG: CacheOptions['log'] = {
  read: () => Promise.resolve({ epoch: 'e', seq: 0, clears: [], floor: 0 }),
  append: () => Promise.reject(new Error('not here')),
  unacknowledged: () => Promise.resolve([]),
  expire: () => Promise.resolve(),
  complete: () => Promise.resolve(),
  leave: () => Promise.resolve(),
}

function world() {
  const clocks = { wall: 1_790_000_000_000, live: 5000 }
  const now = steadyWallClock(
    () => clocks.wall,
    () => clocks.live,
  )
  const pass = (ms: number): void => {
    clocks.wall += ms
    clocks.live += ms
  }
  const open = (redis: RemoteTier | null = null): Promise<Cache> =>
    Cache.open({
      log: EMPTY_LOG,
      redis,
      memoryMaxBytes: 1024 * 1024,
      entryMaxBytes: 1024 * 1024,
      staleSeconds: 3600,
      absentSeconds: 1,
      longestTtlSeconds: 3,
      onWarning: () => undefined,
      time: { now, clock: () => clocks.live },
    })
  return { clocks, now, pass, open }
}

t.test('it follows the wall forward and never back', (t) => {
  const { clocks, now, pass } = world()
  const began = now()
  pass(1000)
  t.equal(now() - began, 1000)
  clocks.wall -= HOUR_MS
  t.equal(now() - began, 1000, 'set back by an hour')
  pass(1000)
  t.equal(now() - began, 2000, 'and it goes on')
  clocks.wall += 2 * HOUR_MS
  t.equal(now(), clocks.wall, 'ahead of it, it is followed')
  t.end()
})

t.test('an entry in memory has no longer to live', async (t) => {
  const { clocks, pass, open } = world()
  const cache = await open()
  const { load } = loadOf('body')
  t.equal(await seen(cache.getOrLoad('a', POLICY, load)), 'MISS load: body')
  clocks.wall -= HOUR_MS
  t.equal(await seen(cache.getOrLoad('a', POLICY, load)), 'HIT memory: body')
  pass(3100)
  t.equal(await seen(cache.getOrLoad('a', POLICY, load)), 'MISS load: body')
})

t.test('an entry from Redis by a clock that is an hour ahead is none', async (t) => {
  const { now, open } = world()
  let envelope: Buffer | null = null
  const remote = {
    available: true,
    get: () => Promise.resolve(envelope),
  } as Partial<RemoteTier> as RemoteTier
  const cache = await open(remote)
  const { entry } = await (await open()).getOrLoad('a', POLICY, loadOf('body').load)
  envelope = encodeEntry(entry)
  t.ok(await cache.get('a'), 'as it is')
  const ahead = { storedAt: entry.storedAt + HOUR_MS, freshUntil: entry.freshUntil + HOUR_MS }
  envelope = encodeEntry({ ...entry, ...ahead, staleUntil: entry.staleUntil + HOUR_MS })
  t.ok(decodeEntry(envelope)!.freshUntil > now() + HOUR_MS)
  t.equal(await cache.get('a'), null)
  t.match(await cache.inspect('a'), { tiers: [{ tier: 'redis', verdict: 'dead' }] })
})
