// From which session on there are scores, and what a snapshot says of its components.
import t from 'tap'
import {
  equityVsBonds,
  mediaSentiment,
  momentum,
  priceStrength,
  volatility,
  volume,
} from '../../../src/score/components.ts'
import { scoreHistory, type BarSeries, type ScoreInput } from '../../../src/score/history.ts'
import { makeBonds, makeSentiment } from './sample-bars.ts'

const SESSIONS = 420
const column = (valueOf: (session: number) => number) =>
  Float64Array.from({ length: SESSIONS }, (_, session) => valueOf(session))
const close = column((session) => 100 + 20 * Math.sin(session / 23) + 3 * Math.sin(session * session))
const bars: BarSeries = {
  dates: Array.from({ length: SESSIONS }, (_, session) =>
    new Date(Date.UTC(2020, 0, 1 + session)).toISOString().slice(0, 10),
  ),
  close,
  high: close.map((value) => value + 1),
  low: close.map((value) => value - 2),
  volume: column((session) => 1000 + 100 * Math.cos(session / 3)),
}
const bonds = makeBonds(bars.dates)
const sentiment = makeSentiment(bars.dates)

/** How many sessions have passed where each coverage begins. */
function beginnings(input: ScoreInput): [sessions: number, coverage: number][] {
  let last = 0
  return scoreHistory(input).flatMap(({ asOf, coverage }) => {
    if (coverage === last) return []
    last = coverage
    return [[bars.dates.indexOf(asOf) + 1, coverage]]
  })
}

t.test('scores begin where components weigh a half, and cover more as more of them exist', (t) => {
  t.strictSame(beginnings({ bars }), [
    [272, 0.5],
    [376, 0.7],
  ])
  t.strictSame(beginnings({ bars, bonds: null }), beginnings({ bars }))
  t.end()
})

t.test('a snapshot is the mean of the components, by weight, and says each with two decimals', (t) => {
  const series = {
    momentum: momentum(bars.close),
    price_strength: priceStrength(bars.high, bars.low, bars.close),
    volume: volume(bars.close, bars.volume),
    volatility: volatility(bars.close),
    equity_vs_bonds: equityVsBonds(bars, bonds),
    media_sentiment: mediaSentiment(bars.dates, sentiment),
  }
  const weights = {
    momentum: 20,
    price_strength: 15,
    volume: 15,
    volatility: 20,
    equity_vs_bonds: 15,
    media_sentiment: 15,
  }
  const names = Object.keys(weights) as (keyof typeof weights)[]
  const rounded = (value: number) => Math.round(value * 100) / 100
  const snapshots = scoreHistory({ bars, bonds, sentiment })
  t.ok(snapshots.some(({ coverage }) => coverage === 1))
  for (const { asOf, score, coverage, components } of snapshots) {
    const session = bars.dates.indexOf(asOf)
    const existing = names.filter((name) => series[name][session] !== null)
    const weight = existing.reduce((sum, name) => sum + weights[name], 0)
    const weighted = existing.reduce((sum, name) => sum + weights[name] * series[name][session]!, 0)
    t.equal(coverage, weight / 100, asOf)
    t.equal(score, rounded(weighted / weight), asOf)
    for (const name of names) {
      const value = series[name][session] ?? null
      t.equal(components[name], value === null ? null : rounded(value), `${name} of ${asOf}`)
    }
  }
  t.end()
})

t.test('each column has one value for each date', (t) => {
  for (const name of ['high', 'low', 'close', 'volume'] as const)
    t.throws(
      () => scoreHistory({ bars: { ...bars, [name]: close.subarray(1) } }),
      new RangeError('bars: every column needs one value for each of 420 dates'),
      name,
    )
  t.throws(
    () => scoreHistory({ bars, bonds: { dates: ['2020-01-01'], close: Float64Array.of() } }),
    new RangeError('bonds: every column needs one value for each of 1 dates'),
  )
  t.end()
})
