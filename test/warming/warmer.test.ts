// When keys are loaded for nobody, and when not: on the real clock, with pauses short enough for a test.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Warmer, type Pauses } from '../../src/warming/warmer.ts'
import { until } from '../cache/until.ts'

const PAUSES: Pauses = { afterLoad: 1, whileBusy: 5, afterFailure: 50 }

function world(t: Test, keys: string[], pauses: Partial<Pauses> = {}) {
  const state = {
    fresh: new Set<string>(),
    asked: [] as string[],
    busy: false,
    failing: false,
    refused: new Set<string>(),
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
      await sleep(1)
      state.running--
      if (state.refused.has(recipe)) return 'refused'
      if (state.failing) return 'failed'
      state.fresh.add(recipe.slice(1))
      return 'warmed'
    },
    pauses: { ...PAUSES, ...pauses },
  })
  t.teardown(() => warmer.close())
  const allFresh = () => until('all fresh', () => state.fresh.size === keys.length)
  return { warmer, state, allFresh }
}

const named = (count: number): string[] => Array.from({ length: count }, (_, index) => `key-${index}`)

t.test('what has expired is loaded, the hottest first, two at a time', async (t) => {
  const { warmer, state, allFresh } = world(t, named(20))
  state.fresh.add('key-0')
  warmer.wake()
  await allFresh()
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
  const { warmer, state, allFresh } = world(t, named(5))
  state.beginning = () => named(5).forEach((key) => state.fresh.add(key))
  warmer.wake()
  await allFresh()
  t.ok(state.asked.length <= 2)
})

t.test('what expires during a round is loaded by the next one', async (t) => {
  const { warmer, state, allFresh } = world(t, named(3))
  let expirations = 0
  state.beginning = (key) => {
    if (key !== 'key-2' || expirations++ > 0) return
    state.fresh.delete('key-0')
    warmer.wake()
  }
  warmer.wake()
  await until('the second round', () => state.asked.filter((url) => url === '/key-0').length === 2)
  await allFresh()
})

t.test('while requests wait nothing is loaded, and afterwards it is', async (t) => {
  const { warmer, state, allFresh } = world(t, named(5))
  state.busy = true
  warmer.wake()
  await sleep(PAUSES.whileBusy * 5)
  t.strictSame(state.asked, [])
  state.busy = false
  await allFresh()
})

t.test('a failure ends the round; it is tried again after a pause, not by every change', async (t) => {
  const { warmer, state, allFresh } = world(t, named(50))
  state.failing = true
  warmer.wake()
  await until('the failure', () => warmer.counts.failed > 0)
  for (let change = 0; change < 20; change += 1) warmer.wake()
  t.ok(state.asked.length <= 2)
  state.failing = false
  await allFresh()
  t.equal(warmer.counts.warmed, 50)
})

t.test('a start has loaded what it is told, and knows how many', async (t) => {
  const { warmer, state } = world(t, [])
  t.equal(await warmer.load(['/a', '/b', '/c']), 3)
  t.strictSame(state.asked, ['/a', '/b', '/c'])
})

t.test('what is refused is no failure, and none of the number', async (t) => {
  const { warmer, state } = world(t, [])
  state.refused.add('/b')
  t.equal(await warmer.load(['/a', '/b', '/c']), 2)
  t.strictSame(state.asked, ['/a', '/b', '/c'])
  t.match(warmer.counts, { warmed: 2, failed: 0 })
})

t.test('closing begins nothing any more, also of what waits or failed', async (t) => {
  const { warmer, state } = world(t, named(1000))
  warmer.wake()
  await until('the first', () => state.asked.length > 0)
  await warmer.close()
  const asked = state.asked.length
  t.ok(asked <= 2)
  warmer.wake()
  await sleep(PAUSES.afterFailure * 2)
  t.equal(state.asked.length, asked)
  t.equal(state.running, 0)
})

t.test('closing while requests wait begins nothing when they are done, nor waits for that', async (t) => {
  const { warmer, state } = world(t, named(3))
  state.busy = true
  warmer.wake()
  const starting = warmer.load(['/start'])
  await warmer.close()
  t.equal(await starting, 0)
  state.busy = false
  t.strictSame(state.asked, [])
})
