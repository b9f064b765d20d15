// Windows count positions, so a history whose dates repeat or go back is refused.
import t from 'tap'
import { scoreHistory } from '../../../src/score/history.ts'

t.test('dates ascend, in bars and in bonds', (t) => {
  const column = Float64Array.of(1, 2)
  const bars = (...dates: string[]) => ({ dates, high: column, low: column, close: column, volume: column })
  t.strictSame(scoreHistory({ bars: bars('2020-01-02', '2020-01-03') }), [])
  for (const second of ['2020-01-02', '2020-01-01'])
    t.throws(() => scoreHistory({ bars: bars('2020-01-02', second) }), {
      name: 'RangeError',
      message: `bars: ${second} is not after the date before it`,
    })
  const bonds = { dates: ['2020-01-02', '2020-01-02'], close: column }
  t.throws(() => scoreHistory({ bars: bars('2020-01-02', '2020-01-03'), bonds }), {
    message: /^bonds: 2020-01-02/,
  })
  t.throws(() => scoreHistory({ bars: bars('2020-01-02') }), { message: /one value for each of 1 dates/ })
  t.end()
})
