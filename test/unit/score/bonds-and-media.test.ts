import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  equityVsBonds,
  mediaSentiment,
  type CloseSeries,
  type DailySentiment,
} from '../../../src/score/components.ts'
import * as oracle from './oracle.ts'

const DAY = 86_400_000
const dayAt = (number: number) => new Date(Date.UTC(2019, 0, 1) + number * DAY).toISOString().slice(0, 10)
const toSeries = (pairs: [string, number][]): CloseSeries => ({
  dates: pairs.map(([date]) => date),
  close: Float64Array.from(pairs, ([, close]) => close),
})

/** Days of one calendar on which the index, the bonds, both or neither have a close. */
const calendars = fc
  .array(
    fc.record({
      index: fc.option(fc.integer({ min: 90, max: 99 }), { freq: 12 }),
      bond: fc.option(fc.integer({ min: 50, max: 53 }), { freq: 8 }),
    }),
    { minLength: 420, maxLength: 480, size: 'max' },
  )
  .map((days) => {
    const pick = (side: 'index' | 'bond') =>
      days.flatMap((day, number): [string, number][] =>
        day[side] === null ? [] : [[dayAt(number), day[side]]],
      )
    return { index: pick('index'), bonds: pick('bond') }
  })

t.test('equity against bonds is its definition over the dates both have, null on the others', (t) => {
  fc.assert(
    fc.property(calendars, ({ index, bonds }) => {
      const expected = oracle.equityVsBonds(new Map(index), new Map(bonds))
      assert.deepStrictEqual(
        equityVsBonds(toSeries(index), toSeries(bonds)),
        index.map(([date]) => expected.get(date) ?? null),
      )
    }),
    { numRuns: 30 },
  )
  t.end()
})

t.test('sessions are counted in the join: 20 joint sessions and 252 values come first', (t) => {
  const index = Array.from({ length: 560 }, (_, day): [string, number] => [dayAt(day), 100 + (day % 9)])
  const bonds = index.filter((_, day) => day % 2 === 0)
  const series = equityVsBonds(toSeries(index), toSeries(bonds))
  const first = series.findIndex((value) => value !== null)
  t.equal(first, 2 * (20 + 251), 'the 272nd joint session')
  t.ok(series.slice(first).every((value, step) => (value === null) === (step % 2 === 1)))
  t.end()
})

t.test('bonds that share no date, or have none, leave the component null', (t) => {
  const index = Array.from({ length: 400 }, (_, day): [string, number] => [dayAt(2 * day), 100 + (day % 9)])
  const between = index.map(([, close], day): [string, number] => [dayAt(2 * day + 1), close])
  for (const bonds of [between, []]) {
    t.ok(equityVsBonds(toSeries(index), toSeries(bonds)).every((value) => value === null))
  }
  t.end()
})

/** Scores are multiples of 1/8, whose sums are exact in any order: the engine adds day sums, the definition single scores. */
const score = fc.integer({ min: -8, max: 8 }).map((eighths) => eighths / 8)
const press = fc.array(fc.tuple(fc.integer({ min: -10, max: 70 }), score), { maxLength: 90 })

t.test('media sentiment is its definition over seven UTC days, weekends and bare days included', (t) => {
  fc.assert(
    fc.property(press, (articles) => {
      const sessions = Array.from({ length: 60 }, (_, day) => day).filter((day) => day % 7 < 5)
      const dates = sessions.map(dayAt)
      const dated = articles.map(([day, value]): [string, number] => [dayAt(day), value])
      assert.deepStrictEqual(mediaSentiment(dates, byDay(dated)), oracle.mediaSentiment(dates, dated))
    }),
    { numRuns: 200 },
  )
  t.end()
})

t.test('three articles make a component, two do not, and the eighth day back is out', (t) => {
  const session = [dayAt(10)]
  const on = (...days: number[]) => byDay(days.map((day) => [dayAt(day), 0.5]))
  t.same(mediaSentiment(session, on(4, 10, 10)), [75], 'first and last of the seven days')
  t.same(mediaSentiment(session, on(10, 10)), [null])
  t.same(mediaSentiment(session, on(3, 10, 10)), [null], 'eight days back')
  t.same(mediaSentiment(session, on(10, 10, 11)), [null], 'the day after')
  t.same(mediaSentiment(session, new Map()), [null])
  t.end()
})

t.test('the ends of the scale are 0 and 100', (t) => {
  const session = [dayAt(10)]
  const all = (value: number) => byDay([1, 2, 3].map(() => [dayAt(9), value]))
  t.same(mediaSentiment(session, all(-1)), [0])
  t.same(mediaSentiment(session, all(0)), [50])
  t.same(mediaSentiment(session, all(1)), [100])
  t.end()
})

function byDay(articles: [day: string, score: number][]): Map<string, DailySentiment> {
  const days = new Map<string, DailySentiment>()
  for (const [day, value] of articles) {
    const { count, sum } = days.get(day) ?? { count: 0, sum: 0 }
    days.set(day, { count: count + 1, sum: sum + value })
  }
  return days
}
