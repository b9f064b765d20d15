import t from 'tap'
import { scoreHistory, type ScoreSnapshot } from '../../../src/score/history.ts'
import { readSampleBars } from './sample-bars.ts'

const bars = readSampleBars()
const snapshots = scoreHistory({ bars })
const byDate = new Map(snapshots.map((snapshot) => [snapshot.asOf, snapshot]))

/** The reference figures are given with one decimal. */
const oneDecimal = (value: number | null) => (value === null ? null : Math.round(value * 10) / 10)

function figures({ score, components }: ScoreSnapshot) {
  return {
    score: oneDecimal(score),
    momentum: oneDecimal(components.momentum),
    volume: oneDecimal(components.volume),
    volatility: oneDecimal(components.volatility),
    price_strength: oneDecimal(components.price_strength),
  }
}

t.test('a crash and a calm rise give the reference figures', (t) => {
  t.same(figures(byDate.get('2008-10-10')!), {
    score: 1.9,
    momentum: 0,
    volume: 0,
    volatility: 0.4,
    price_strength: 8.2,
  })
  t.same(figures(byDate.get('2017-10-20')!), {
    score: 95.6,
    momentum: 86.1,
    volume: 99.6,
    volatility: 98.8,
    price_strength: 100,
  })
  t.equal(byDate.get('2008-10-10')!.label, 'extreme_fear')
  t.equal(byDate.get('2017-10-20')!.label, 'extreme_greed')
  t.end()
})

t.test('the first snapshot is that of the 272nd session, and none is missing after it', (t) => {
  t.equal(bars.dates.length, 5105)
  t.equal(snapshots.length, 4834)
  t.same(
    snapshots.map((snapshot) => snapshot.asOf),
    bars.dates.slice(271),
  )
  t.end()
})

t.test('the sessions without momentum lie exactly on the limit of coverage', (t) => {
  const onLimit = snapshots.filter((snapshot) => snapshot.coverage === 0.5)
  t.equal(onLimit.length, 104)
  t.ok(onLimit.every((snapshot) => snapshot.components.momentum === null))
  t.ok(snapshots.slice(104).every((snapshot) => snapshot.coverage === 0.7))
  t.end()
})

t.test('without bonds and press these components are null, not absent', (t) => {
  for (const { components } of [snapshots[0]!, snapshots.at(-1)!]) {
    t.equal(components.equity_vs_bonds, null)
    t.equal(components.media_sentiment, null)
  }
  t.same(scoreHistory({ bars, bonds: null, sentiment: new Map() }), snapshots)
  t.end()
})

t.test('what is published has two decimals and lies between 0 and 100', (t) => {
  const published = snapshots.flatMap(({ score, components }) => [score, ...Object.values(components)])
  const numbers = published.filter((value) => value !== null)
  t.ok(numbers.length > 4 * 4000)
  t.same(
    numbers.filter((value) => value < 0 || value > 100 || Number(value.toFixed(2)) !== value),
    [],
  )
  t.end()
})

t.test('an empty history has no snapshots', (t) => {
  const none = new Float64Array(0)
  t.same(scoreHistory({ bars: { dates: [], high: none, low: none, close: none, volume: none } }), [])
  t.end()
})

t.test('columns that do not belong together are refused', (t) => {
  const pair = Float64Array.of(1, 2)
  const columns = { high: pair, low: pair, close: pair, volume: pair }
  const dates = ['2020-01-02', '2020-01-03']
  const single = Float64Array.of(1)
  t.throws(() => scoreHistory({ bars: { ...columns, dates, volume: single } }), RangeError)
  t.throws(() => scoreHistory({ bars: { ...columns, dates: ['2020-01-03', '2020-01-02'] } }), RangeError)
  t.throws(() => scoreHistory({ bars: { ...columns, dates: ['2020-01-02', '2020-01-02'] } }), RangeError)
  t.throws(() => scoreHistory({ bars: { ...columns, dates }, bonds: { dates, close: single } }), RangeError)
  t.same(scoreHistory({ bars: { ...columns, dates } }), [])
  t.end()
})
