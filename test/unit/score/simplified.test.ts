import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { SIMPLIFIED_SESSIONS, simplifiedScore } from '../../../src/score/simplified.ts'
import { ranks } from './oracle.ts'
import { readSampleBars } from './sample-bars.ts'

const round = (value: number) => Math.round(value * 100) / 100

/** The definition, on the whole history. */
function expected(close: number[], volume: number[], mediaSentiment: number | null) {
  const means = volume.map((_, end) =>
    end < 19 ? null : volume.slice(end - 19, end + 1).reduce((sum, value) => sum + value, 0) / 20,
  )
  const rank = ranks(means, 252).at(-1)!
  const rising = [1, 2, 3, 4, 5].filter((back) => close.at(-back)! > close.at(-back - 1)!).length
  const parts = { volume: round(rank), sentiment: round(mediaSentiment ?? 50), performance: rising * 20 }
  const sum = parts.volume + parts.sentiment + parts.performance
  return { ...parts, sum: round(sum), score: round(sum / 3) }
}

t.test('the simplified score is its definition, on any history', (t) => {
  const bars = fc.array(fc.record({ close: fc.integer({ min: 1, max: 4 }), volume: fc.nat({ max: 5 }) }), {
    minLength: 271,
    maxLength: 330,
    size: 'max',
  })
  const sentiment = fc.option(fc.double({ min: 0, max: 100, noNaN: true }))
  fc.assert(
    fc.property(bars, sentiment, (history, mediaSentiment) => {
      const close = history.map((bar) => bar.close)
      const volume = history.map((bar) => bar.volume)
      assert.deepStrictEqual(
        simplifiedScore({
          close: Float64Array.from(close),
          volume: Float64Array.from(volume),
          mediaSentiment,
        }),
        expected(close, volume, mediaSentiment),
      )
    }),
    { numRuns: 100 },
  )
  t.end()
})

t.test('on the sample it needs its last sessions only', (t) => {
  const { close, volume } = readSampleBars()
  const whole = simplifiedScore({ close, volume, mediaSentiment: 40 })
  t.same(whole, expected(Array.from(close), Array.from(volume), 40))
  t.same(
    simplifiedScore({
      close: close.slice(-SIMPLIFIED_SESSIONS),
      volume: volume.slice(-SIMPLIFIED_SESSIONS),
      mediaSentiment: 40,
    }),
    whole,
  )
  t.end()
})

t.test('without sentiment the middle of the scale stands in', (t) => {
  const { close, volume } = readSampleBars()
  t.equal(simplifiedScore({ close, volume, mediaSentiment: null })!.sentiment, 50)
  t.equal(simplifiedScore({ close, volume, mediaSentiment: 0 })!.sentiment, 0)
  t.end()
})

t.test('a shorter history has none', (t) => {
  const { close, volume } = readSampleBars()
  const last = (sessions: number) => ({
    close: close.slice(-sessions),
    volume: volume.slice(-sessions),
    mediaSentiment: 50,
  })
  t.equal(SIMPLIFIED_SESSIONS, 271)
  t.not(simplifiedScore(last(271)), null)
  t.equal(simplifiedScore(last(270)), null)
  const empty = new Float64Array(0)
  t.equal(simplifiedScore({ close: empty, volume: empty, mediaSentiment: null }), null)
  t.throws(
    () => simplifiedScore({ close, volume: volume.slice(1), mediaSentiment: null }),
    new RangeError('closes and volumes are not of the same sessions'),
  )
  t.end()
})
