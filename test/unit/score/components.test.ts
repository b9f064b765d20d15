import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { momentum, priceStrength, volatility, volume } from '../../../src/score/components.ts'
import type { Series } from '../../../src/score/windows.ts'
import * as oracle from './oracle.ts'

interface Bar {
  close: number
  above: number
  below: number
  volume: number
}

/** A stretch of sessions with one thing fixed, so that whole windows have a denominator of zero. */
interface Plateau {
  kind: 'flat' | 'idle' | 'worthless'
  from: number
  length: number
}

/** Small whole numbers: equal windows come up often, and equal values have to tie. */
const bar: fc.Arbitrary<Bar> = fc.record({
  close: fc.integer({ min: 4, max: 9 }),
  above: fc.integer({ min: 0, max: 2 }),
  below: fc.integer({ min: 0, max: 2 }),
  volume: fc.integer({ min: 0, max: 3 }),
})
const plateau: fc.Arbitrary<Plateau> = fc.record({
  kind: fc.constantFrom('flat', 'idle', 'worthless'),
  from: fc.integer({ min: 0, max: 300 }),
  length: fc.integer({ min: 10, max: 300 }),
})
const histories = fc
  .tuple(fc.array(bar, { minLength: 620, maxLength: 680, size: 'max' }), fc.array(plateau, { maxLength: 2 }))
  .map(([bars, plateaus]) => bars.map((one, session) => plateaus.reduce(applyAt(session), one)))

function applyAt(session: number) {
  return (one: Bar, { kind, from, length }: Plateau): Bar => {
    if (session < from || session >= from + length) return one
    if (kind === 'flat') return { ...one, close: 5, above: 0, below: 0 }
    return kind === 'idle' ? { ...one, volume: 0 } : { close: 0, above: 0, below: 0, volume: one.volume }
  }
}

const close = (bars: Bar[]) => bars.map((one) => one.close)
const high = (bars: Bar[]) => bars.map((one) => one.close + one.above)
const low = (bars: Bar[]) => bars.map((one) => one.close - one.below)
const traded = (bars: Bar[]) => bars.map((one) => one.volume)

const pairs: [name: string, engine: (bars: Bar[]) => Series, definition: (bars: Bar[]) => Series][] = [
  ['momentum', (bars) => momentum(Float64Array.from(close(bars))), (bars) => oracle.momentum(close(bars))],
  [
    'price strength',
    (bars) =>
      priceStrength(
        Float64Array.from(high(bars)),
        Float64Array.from(low(bars)),
        Float64Array.from(close(bars)),
      ),
    (bars) => oracle.priceStrength(high(bars), low(bars), close(bars)),
  ],
  [
    'volume',
    (bars) => volume(Float64Array.from(close(bars)), Float64Array.from(traded(bars))),
    (bars) => oracle.volume(close(bars), traded(bars)),
  ],
  [
    'volatility',
    (bars) => volatility(Float64Array.from(close(bars))),
    (bars) => oracle.volatility(close(bars)),
  ],
]

for (const [name, engine, definition] of pairs) {
  t.test(`${name} is its definition, on any history`, (t) => {
    fc.assert(
      fc.property(histories, (bars) => assert.deepStrictEqual(engine(bars), definition(bars))),
      { numRuns: 25 },
    )
    t.end()
  })
}

t.test('equal windows tie in a rank, whatever history lies before them', (t) => {
  // Seven sessions over and over, and among them one so large that whoever adds and subtracts it loses the others' fractions.
  const bars = Array.from({ length: 640 }, (_, session): Bar => {
    const scale = session === 420 ? 1e14 : 1
    return {
      close: scale * (100.1 + ((session * 3) % 7) / 9),
      above: 0,
      below: 0,
      volume: scale / (3 + (session % 7)),
    }
  })
  for (const [name, engine, definition] of pairs) t.strictSame(engine(bars), definition(bars), name)
  t.end()
})

t.test('a session without volume, range or price has a null, and the ranks go on after it', (t) => {
  const ordinary = Array.from({ length: 900 }, (_, session): Bar => ({
    close: 6 + ((session * 7) % 5),
    above: session % 3,
    below: session % 2,
    volume: 1 + ((session * 3) % 4),
  }))
  const cases: [Plateau, name: string, firstNull: number, nulls: number][] = [
    // 20 idle sessions empty one window; 252 flat ones have one highest high and lowest low.
    [{ kind: 'idle', from: 500, length: 20 }, 'volume', 519, 1],
    [{ kind: 'flat', from: 400, length: 253 }, 'price strength', 651, 2],
    [{ kind: 'worthless', from: 500, length: 126 }, 'momentum', 624, 2],
    // A close of zero makes two returns; the window that begins after the second is whole again.
    [{ kind: 'worthless', from: 500, length: 1 }, 'volatility', 500, 21],
  ]
  for (const [plateau, name, firstNull, nulls] of cases) {
    const bars = ordinary.map((one, session) => applyAt(session)(one, plateau))
    const [, engine, definition] = pairs.find((pair) => pair[0] === name)!
    const series = engine(bars)
    const missing = Array.from(series.keys()).filter((session) => session > 380 && series[session] === null)
    t.same(
      missing,
      Array.from({ length: nulls }, (_, step) => firstNull + step),
      name,
    )
    t.strictSame(series, definition(bars), name)
  }
  t.end()
})

t.test('a close outside the high and low of its window gives no value outside 0 to 100', (t) => {
  const ones = new Float64Array(252).fill(1)
  const twos = new Float64Array(252).fill(2)
  t.equal(
    priceStrength(
      twos,
      ones,
      ones.map((value, session) => (session === 251 ? 3 : value)),
    ).at(-1),
    100,
  )
  t.equal(
    priceStrength(
      twos,
      ones,
      ones.map((value, session) => (session === 251 ? 0.5 : value)),
    ).at(-1),
    0,
  )
  t.end()
})
