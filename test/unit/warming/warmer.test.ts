// When keys are loaded for nobody, and when not: by a clock that the test moves.
import t from 'tap'
import { pause } from '../../../src/time/time.ts'
import { Warmer } from '../../../src/warming/warmer.ts'
import { manualTime } from '../../support/manual-time.ts'

/** As in the warmer. */
const PAUSES = { afterLoad: 10, whileBusy: 20, afterFailure: 5000 }
const LOAD_MS = 1

function world(keys: string[]) {
  const time = manualTime()
  const state = {
    fresh: new Set<string>(),
    asked: [] as string[],
    busy: false,
    failing: false,
    refused: new Set<string>(),
    failed: new Set<string>(),
    running: 0,
    mostRunning: 0,
    beginning: (_key: string): void => undefined,
  }
  const warmer = new Warmer({
    hottest: () => keys.map((key) => ({ key, recipe: `/${key}`, perMinute: 1, steadyPerMinute: 1 })),
    isFresh: (key) => state.fresh.has(key),
    isBusy: () => state.busy,
    ask: async (recipe) => {
      state.asked.push(recipe)
      state.mostRunning = Math.max(state.mostRunning, ++state.running)
      state.beginning(recipe.slice(1))
      await pause(time, LOAD_MS)
      state.running--
      if (state.refused.has(recipe)) return 'refused'
      if (state.failing || state.failed.has(recipe)) return 'failed'
      state.fresh.add(recipe.slice(1))
      return 'warmed'
    },
    time,
  })
  return { warmer, state, time }
}

const named = (count: number): string[] => Array.from({ length: count }, (_, index) => `key-${index}`)

t.test('what has expired is loaded, the hottest first, two at a time', async (t) => {
  const { warmer, state, time } = world(named(20))
  state.fresh.add('key-0')
  warmer.wake()
  await time.advance(0)
  t.strictSame(state.asked, ['/key-1', '/key-2'])
  await time.advance(LOAD_MS + PAUSES.afterLoad - 1)
  t.equal(state.asked.length, 2, 'each lane pauses')
  await time.advance(1)
  t.equal(state.asked.length, 4)
  await time.advance(10 * (LOAD_MS + PAUSES.afterLoad))
  t.strictSame(
    state.asked,
    named(20)
      .slice(1)
      .map((key) => `/${key}`),
  )
  t.equal(state.mostRunning, 2)
  t.match(warmer.counts, { warmed: 19, failed: 0 })
})

t.test('a request that is quicker leaves nothing to do', async (t) => {
  const { warmer, state, time } = world(named(5))
  state.beginning = () => named(5).forEach((key) => state.fresh.add(key))
  warmer.wake()
  await time.advance(1000)
  t.strictSame(state.asked, ['/key-0'])
})

t.test('what expires during a round is loaded by the next one', async (t) => {
  const { warmer, state, time } = world(named(3))
  let expirations = 0
  state.beginning = (key) => {
    if (key !== 'key-2' || expirations++ > 0) return
    state.fresh.delete('key-0')
    warmer.wake()
  }
  warmer.wake()
  await time.advance(1000)
  t.strictSame(state.asked, ['/key-0', '/key-1', '/key-2', '/key-0'])
  t.equal(state.fresh.size, 3)
})

t.test('while requests wait nothing is loaded, and afterwards it is', async (t) => {
  const { warmer, state, time } = world(named(5))
  state.busy = true
  warmer.wake()
  await time.advance(60_000)
  t.strictSame(state.asked, [])
  state.busy = false
  await time.advance(PAUSES.whileBusy)
  t.equal(state.asked.length, 2, 'soon')
  await time.advance(100)
  t.equal(state.fresh.size, 5)
})

t.test('a failure ends the round; it is tried again after a pause, not by every change', async (t) => {
  const { warmer, state, time } = world(named(50))
  state.failing = true
  warmer.wake()
  await time.advance(LOAD_MS)
  t.equal(warmer.counts.failed, 2)
  for (let change = 0; change < 20; change += 1) warmer.wake()
  await time.advance(PAUSES.afterFailure - 1)
  t.equal(state.asked.length, 2)
  state.failing = false
  await time.advance(1)
  t.equal(state.asked.length, 4)
  await time.advance(1000)
  t.match(warmer.counts, { warmed: 50, failed: 2 })
})

t.test('a failure in one lane ends the other as well, after what that has begun', async (t) => {
  const { warmer, state, time } = world(named(50))
  state.failed.add('/key-0')
  warmer.wake()
  await time.advance(PAUSES.afterFailure)
  t.strictSame(state.asked, ['/key-0', '/key-1'])
  t.match(warmer.counts, { warmed: 1, failed: 1 })
  state.failed.clear()
  await time.advance(1000)
  t.match(warmer.counts, { warmed: 50, failed: 1 })
  t.strictSame(state.asked.slice(2, 4), ['/key-0', '/key-2'], 'what is loaded already is not loaded again')
})

t.test('a start has loaded what it is told, and knows how many', async (t) => {
  const { warmer, state, time } = world([])
  const loaded = warmer.load(['/a', '/b', '/c'])
  await time.advance(100)
  t.equal(await loaded, 3)
  t.strictSame(state.asked, ['/a', '/b', '/c'])
})

t.test('what is refused is no failure, and none of the number', async (t) => {
  const { warmer, state, time } = world([])
  state.refused.add('/b')
  const loaded = warmer.load(['/a', '/b', '/c'])
  await time.advance(100)
  t.equal(await loaded, 2)
  t.strictSame(state.asked, ['/a', '/b', '/c'])
  t.match(warmer.counts, { warmed: 2, failed: 0 })
})

t.test('closing begins nothing any more, also of what waits or failed', async (t) => {
  for (const failing of [false, true]) {
    const { warmer, state, time } = world(named(1000))
    state.failing = failing
    warmer.wake()
    await time.advance(failing ? LOAD_MS : 0)
    t.equal(state.asked.length, 2)
    const closed = warmer.close()
    await time.advance(PAUSES.afterLoad + LOAD_MS)
    await closed
    t.equal(time.isQuiet, true, 'no timer is left that would hold the process')
    warmer.wake()
    await time.advance(PAUSES.afterFailure * 2)
    t.equal(state.asked.length, 2)
    t.equal(state.running, 0)
  }
})

t.test('closing while requests wait begins nothing when they are done, nor waits for that', async (t) => {
  const { warmer, state, time } = world(named(3))
  state.busy = true
  warmer.wake()
  const starting = warmer.load(['/start'])
  const closed = warmer.close()
  await time.advance(PAUSES.whileBusy)
  await closed
  t.equal(await starting, 0)
  state.busy = false
  await time.advance(1000)
  t.strictSame(state.asked, [])
})
