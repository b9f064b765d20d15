// When scores are computed, by a clock that the test moves: at once, one run at a time, with rests, and again where it could not be done.
import t from 'tap'
import type { Scoring, ScoringOutcome } from '../../../src/loading/pending-scores.ts'
import { ScoreKeeper } from '../../../src/loading/score-keeper.ts'
import { pause } from '../../../src/time/time.ts'
import { manualTime } from '../../support/manual-time.ts'

const LEAST_REST_MS = 100
const MOST_REST_MS = 2000
const HOUR_MS = 3_600_000

/** @param tookMs what each run takes. */
function world(tookMs = 0) {
  const time = manualTime()
  const state = {
    outcome: 'done' as ScoringOutcome | 'failed',
    /** When each run began, and whether it insisted. */
    runs: [] as [at: number, insists: boolean][],
    failures: 0,
  }
  const keeper = new ScoreKeeper({
    score: async (insists): Promise<Scoring> => {
      state.runs.push([time.clock(), insists])
      if (tookMs > 0) await pause(time, tookMs)
      if (state.outcome === 'failed') throw new Error('away')
      return { outcome: state.outcome, changed: 0, position: null }
    },
    onOutcome: () => undefined,
    onFailure: () => state.failures++,
    time,
  })
  const began = () => state.runs.map(([at]) => at)
  return { time, state, keeper, began }
}

t.test('a change is computed at once; without another one nothing runs', async (t) => {
  const { time, keeper, began } = world()
  keeper.wake()
  await time.advance(HOUR_MS)
  t.strictSame(began(), [0])
  keeper.wake()
  await time.advance(HOUR_MS)
  t.strictSame(began(), [0, HOUR_MS])
})

t.test('a stream of changes is computed with rests of twice what a run takes, within bounds', async (t) => {
  for (const { tookMs, restMs } of [
    { tookMs: 1, restMs: LEAST_REST_MS },
    { tookMs: 300, restMs: 600 },
    { tookMs: 5000, restMs: MOST_REST_MS },
  ]) {
    const { time, keeper, began } = world(tookMs)
    for (let ms = 0; ms < 3 * (tookMs + restMs); ms++) {
      keeper.wake()
      await time.advance(1)
    }
    const each = tookMs + restMs
    t.strictSame(began(), [0, each, 2 * each, 3 * each], `of ${tookMs} ms`)
  }
})

t.test('what came during a run or a rest is computed after it, once', async (t) => {
  const { time, keeper, began } = world(10)
  keeper.wake()
  await time.advance(5)
  for (let change = 0; change < 20; change++) keeper.wake()
  await time.advance(50)
  for (let change = 0; change < 20; change++) keeper.wake()
  await time.advance(HOUR_MS)
  t.strictSame(began(), [0, 10 + LEAST_REST_MS])
})

t.test(
  'what could not be done is looked at again: soon where somebody is at it or it failed, later where it is left',
  async (t) => {
    for (const [outcome, againMs] of [
      ['busy', 1000],
      ['failed', 1000],
      ['left', 10_000],
    ] as const) {
      const { time, state, keeper, began } = world()
      state.outcome = outcome
      keeper.wake()
      await time.advance(againMs * 3 - 1)
      t.strictSame(began(), [0, againMs, 2 * againMs], outcome)
      state.outcome = 'done'
      await time.advance(HOUR_MS)
      t.equal(began().length, 4, 'until it could')
      t.equal(state.failures, outcome === 'failed' ? 1 : 0, 'of failures in a row the first is said')
    }
  },
)

t.test('the settings of a start are insisted on until a run could', async (t) => {
  const { time, state, keeper } = world()
  state.outcome = 'busy'
  keeper.wake()
  await time.advance(1500)
  state.outcome = 'done'
  await time.advance(1000)
  keeper.wake()
  await time.advance(1000)
  t.strictSame(
    state.runs.map(([, insists]) => insists),
    [true, true, true, false],
  )
})

t.test('closed, it runs no more, neither after a rest nor for a change', async (t) => {
  const { time, state, keeper, began } = world()
  state.outcome = 'busy'
  keeper.wake()
  await time.advance(10)
  keeper.close()
  keeper.wake()
  await time.advance(HOUR_MS)
  t.strictSame(began(), [0])
})
