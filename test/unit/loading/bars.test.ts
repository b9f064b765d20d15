// CSV of daily bars: what a header may look like, and each way in which a line can be wrong.
import t from 'tap'
import { readBars } from '../../../src/loading/bars.ts'
import { LoadError } from '../../../src/loading/report.ts'
import { collect, streamOf } from '../../support/loading.ts'

const HEADER = 'date,open,high,low,close,adjclose,volume'
const GOOD = '2020-01-02,10,12,9,11,11,1000'
const BAR = { date: '2020-01-02', open: 10, high: 12, low: 9, close: 11, volume: 1000, label: null }
const read = (text: string) => collect(readBars(streamOf(text)))

t.test('columns are found by name, in any order and case; others are ignored', async (t) => {
  const texts = [
    `${HEADER}\n${GOOD}`,
    'date,open,high,low,close,volume\n2020-01-02,10,12,9,11,1000\n',
    'Volume,"Close",Low,note,High,Open,Date\r\n1000,11,9,"a ""b"", c",12,10,2020-01-02\r\n',
    ` date , open,high,low,close ,volume\n 2020-01-02 , 10.0,1.2e1,+9.,"11" ,1000.00`,
  ]
  for (const text of texts) t.strictSame(await read(text), [{ line: 2, row: BAR }], text)
})

t.test('each wrong line is named with its number, field and reason; the others are rows', async (t) => {
  const wrong: [line: string, field: string | null, reason: string][] = [
    ['2020-02-30,10,12,9,11,11,1000', 'date', '"2020-02-30" is not a date (YYYY-MM-DD)'],
    ['02/01/2020,10,12,9,11,11,1000', 'date', '"02/01/2020" is not a date (YYYY-MM-DD)'],
    ['0000-01-01,10,12,9,11,11,1000', 'date', '"0000-01-01" is not a date (YYYY-MM-DD)'],
    ['2020-01-03,,12,9,11,11,1000', 'open', '"" is not a decimal number'],
    ['2020-01-03,0x10,12,9,11,11,1000', 'open', '"0x10" is not a decimal number'],
    ['2020-01-03,10,Infinity,9,11,11,1000', 'high', '"Infinity" is not a decimal number'],
    ['2020-01-03,10,1e999,9,11,11,1000', 'high', '"1e999" is not a decimal number'],
    ['2020-01-03,10,12,0,11,11,1000', 'low', '"0" is not above 0'],
    ['2020-01-03,10,12,9,-11,11,1000', 'close', '"-11" is not above 0'],
    ['2020-01-03,10,12,9,11,11,-1', 'volume', '"-1" is negative'],
    ['2020-01-03,10,12,9,11,11,', 'volume', '"" is not a decimal number'],
    ['2020-01-03,10,10,12,11,11,1000', 'high', 'high 10 is below low 12'],
    ['2020-01-03,13,12,9,11,11,1000', 'open', 'open 13 is above high 12'],
    ['2020-01-03,10,12,9,8,11,1000', 'close', 'close 8 is below low 9'],
    ['2020-01-03,10,12,9,11,11', null, 'has 6 fields, the header has 7'],
    ['2020-01-03,10,12,9,11,11,1,000', null, 'has 8 fields, the header has 7'],
    ['2020-01-03,"10,12,9,11,11,1000', null, 'broken quoting'],
    ['2020-01-03,10,1"2,9,11,11,1000', null, 'broken quoting'],
  ]
  const text = [HEADER, ...wrong.flatMap(([line]) => [GOOD, line]), GOOD].join('\n')
  const parsed = await read(text)
  t.strictSame(
    parsed.filter((each) => 'reason' in each),
    wrong.map(([, field, reason], index) => ({ line: 3 + 2 * index, field, reason })),
  )
  t.strictSame(
    parsed.filter((each) => 'row' in each),
    [...wrong, null].map((_, index) => ({ line: 2 + 2 * index, row: BAR })),
  )
})

t.test('a volume of zero is one, an empty line is none', async (t) => {
  t.strictSame(await read(`${HEADER}\n\n  \n2020-01-02,10,12,9,11,11,0\n\n`), [
    { line: 4, row: { ...BAR, volume: 0 } },
  ])
})

t.test('without a usable header the whole input is refused', async (t) => {
  const refusals: [text: string, message: RegExp][] = [
    ['', /input is empty/],
    ['\n\n', /input is empty/],
    [GOOD, /no column `date`, `open`, `high`, `low`, `close`, `volume`; the file has `2020-01-02`, `10`/],
    ['date,open,high,low,close\n', /no column `volume`$/],
    ['date,open,high,low,close,volume,Close\n', /names `close` more than once/],
    ['{"source":"a"}\n', /no header: broken quoting; its first line must name date/],
    ['"date,open\n', /no header: broken quoting/],
  ]
  for (const [text, message] of refusals) await t.rejects(read(text), { name: LoadError.name, message }, text)
  await t.rejects(collect(readBars(streamOf('x'.repeat(2_000_000)))), {
    message: /no header: .*longer than 1 MiB/,
  })
})
