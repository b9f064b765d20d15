// Windows over a series: what is in them, and that reaching past the series is a defect.
import t from 'tap'
import { at, mapTrailing, trailingMaximum, trailingMinimum } from '../../../src/score/windows.ts'

t.test('a value that is not there is a defect, which says where it was looked for', (t) => {
  t.equal(at([7, 0], 1), 0)
  for (const index of [2, -1, 0.5])
    t.throws(() => at([7, 0], index), new RangeError(`no value at index ${index} of 2`))
  t.end()
})

t.test('a window is whole, and what is not finite is no value', (t) => {
  const values = Float64Array.from([1, 2, 0, 4])
  const texts: string[] = []
  const divided = mapTrailing(values, 2, (window, end) => {
    texts.push(`${end}: ${window.join()}`)
    return at(window, 0) / at(window, 1)
  })
  t.strictSame(texts, ['1: 1,2', '2: 2,0', '3: 0,4'])
  t.strictSame(divided, [null, 0.5, null, 0])
  t.end()
})

t.test('extremes leave with their session', (t) => {
  const values = Float64Array.from([5, 5, 1, 2, 3, 3, 2, 9])
  t.strictSame(trailingMaximum(values, 3), [null, null, 5, 5, 3, 3, 3, 9])
  t.strictSame(trailingMinimum(values, 3), [null, null, 1, 1, 1, 2, 2, 2])
  t.end()
})
