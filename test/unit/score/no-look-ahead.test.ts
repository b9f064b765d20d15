import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { scoreHistory, type ScoreInput, type ScoreSnapshot } from '../../../src/score/history.ts'
import { makeBonds, makeSentiment, readSampleBars, slice, truncate } from './sample-bars.ts'

const bars = readSampleBars()
const full: ScoreInput = { bars, bonds: makeBonds(bars.dates), sentiment: makeSentiment(bars.dates) }
const snapshots = scoreHistory(full)
const upTo = (date: string) => snapshots.filter((snapshot) => snapshot.asOf <= date)
const CUTS = [272, 376, 377, 1000, 2208, 3500, 4998, 5104]

t.test('the made-up inputs exercise every component, present and absent', (t) => {
  for (const name of ['equity_vs_bonds', 'media_sentiment'] as const) {
    const present = snapshots.filter((snapshot) => snapshot.components[name] !== null).length
    t.ok(present > 500 && present < snapshots.length - 500, `${name} exists on ${present} sessions`)
  }
  t.ok(snapshots.some((snapshot) => snapshot.coverage === 1))
  t.end()
})

t.test('a history that ends earlier gives the same snapshots up to its end', (t) => {
  for (const cut of CUTS) {
    const before = upTo(bars.dates[cut - 1]!)
    t.equal(firstDifference(scoreHistory(truncate(full, cut)), before), null, `after ${cut} sessions`)
  }
  t.end()
})

t.test('whatever happens later, the past keeps its snapshots', (t) => {
  for (const cut of CUTS) {
    const last = bars.dates[cut - 1]!
    const changed = scoreHistory(changeAfter(full, cut))
    const kept = changed.filter((snapshot) => snapshot.asOf <= last)
    t.equal(firstDifference(kept, upTo(last)), null, `after ${cut} sessions`)
    t.ok(firstDifference(changed, snapshots)! > last, 'the change itself shows')
  }
  t.end()
})

t.test('a score depends on its windows alone, not on where the history begins', (t) => {
  // 376 sessions for momentum; the bonds lack one date in seven, so their 272 common sessions take up to 320.
  const reach = 380
  for (const start of [1, 2, 500, 1777, 4000]) {
    const since = bars.dates[start + reach]!
    const later = (list: ScoreSnapshot[]) => list.filter((snapshot) => snapshot.asOf >= since)
    const shorter = scoreHistory(slice(full, start, bars.dates.length))
    t.equal(firstDifference(later(shorter), later(snapshots)), null, `from session ${start} on`)
  }
  t.end()
})

/** The date of the first snapshot that is not the same in both; null when none differs. Deep, and to the last bit. */
function firstDifference(actual: ScoreSnapshot[], expected: ScoreSnapshot[]): string | null {
  const length = Math.max(actual.length, expected.length)
  const position = Array.from({ length }).findIndex((_, at) => !isDeepStrictEqual(actual[at], expected[at]))
  return position === -1 ? null : (expected[position] ?? actual[position])!.asOf
}

/** Every number after the first `sessions` sessions becomes another one. */
function changeAfter(input: ScoreInput, sessions: number): ScoreInput {
  const last = input.bars.dates[sessions - 1]!
  const change = (values: Float64Array) =>
    values.map((value, session) => (session < sessions ? value : value * (1.5 + Math.sin(session))))
  const bonds = input.bonds!
  return {
    bars: {
      dates: input.bars.dates,
      high: change(input.bars.high),
      low: change(input.bars.low),
      close: change(input.bars.close),
      volume: change(input.bars.volume),
    },
    bonds: {
      dates: bonds.dates,
      close: bonds.close.map((close, session) => (bonds.dates[session]! <= last ? close : close / 3)),
    },
    sentiment: new Map(
      Array.from(input.sentiment!, ([day, { count, sum }]) => [
        day,
        day <= last ? { count, sum } : { count: count + 5, sum: -sum },
      ]),
    ),
  }
}
