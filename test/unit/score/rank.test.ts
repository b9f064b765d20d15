import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { SortedWindow, trailingRanks } from '../../../src/score/rank.ts'
import { ranks } from './oracle.ts'

/** Few distinct values, so that most of a window is ties; nulls among them. */
const tied = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(-2, -1, -0, 0, 1, 1.5, 2) },
  { weight: 1, arbitrary: fc.constant(null) },
)
const distinct = fc.oneof(fc.double({ noNaN: true }), fc.constant(null))

t.test('ranks with many ties are those of counting', (t) => {
  fc.assert(
    fc.property(fc.array(tied, { maxLength: 120 }), fc.integer({ min: 2, max: 30 }), (series, length) => {
      assert.deepStrictEqual(trailingRanks(series, length), ranks(series, length))
    }),
    { numRuns: 300 },
  )
  t.end()
})

t.test('ranks of any numbers are those of counting', (t) => {
  fc.assert(
    fc.property(fc.array(distinct, { maxLength: 120 }), fc.integer({ min: 2, max: 30 }), (series, length) => {
      assert.deepStrictEqual(trailingRanks(series, length), ranks(series, length))
    }),
    { numRuns: 200 },
  )
  t.end()
})

t.test('rising, falling and equal values get the ends and the middle of the scale', (t) => {
  t.strictSame(trailingRanks([1, 2, 3, 4], 3), [null, null, 100, 100])
  t.strictSame(trailingRanks([4, 3, 2, 1], 3), [null, null, 0, 0])
  t.strictSame(trailingRanks([7, 7, 7, 7], 3), [null, null, 50, 50])
  t.end()
})

t.test('a null takes no place: the window reaches further back for its values', (t) => {
  t.strictSame(trailingRanks([5, null, 1, null, null, 3], 3), [null, null, null, null, null, 50])
  t.end()
})

t.test('what has no rank is refused', (t) => {
  t.throws(() => new SortedWindow(1), new RangeError('a rank window holds at least 2 values'))
  t.throws(() => new SortedWindow(2.5), RangeError)
  const window = new SortedWindow(3)
  t.throws(() => window.push(Number.NaN), new RangeError('NaN has no rank'))
  t.equal(window.isFull, false)
  t.end()
})
