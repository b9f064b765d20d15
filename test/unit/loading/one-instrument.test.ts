// Bars of one instrument and of whole days: what contradicts that is named and not loaded.
import t from 'tap'
import { readBars } from '../../../src/loading/bars.ts'
import type { ExpectedInstrument } from '../../../src/loading/instrument-fields.ts'
import { Notes } from '../../../src/loading/notes.ts'
import { collect, ndjson, streamOf } from '../../support/loading.ts'

const BAR = { date: '2020-01-02', open: 10, high: 12, low: 9, close: 11, volume: 1000 }
const EXPECTED = { symbol: 'AAA' }

/** The one bar with these fields more or else, as both formats have it. */
async function read(fields: object, expected: ExpectedInstrument = EXPECTED) {
  const record = { ...BAR, ...fields }
  const csv = `${Object.keys(record).join()}\n${Object.values(record).join()}\n`
  const [fromJson] = await collect(readBars(streamOf(ndjson([record])), 'ndjson', expected))
  const [fromCsv] = await collect(readBars(streamOf(csv), 'csv', expected))
  return { fromJson, fromCsv }
}

t.test('a field that contradicts a parameter', async (t) => {
  const wrong: [fields: object, expected: ExpectedInstrument, field: string, reason: RegExp][] = [
    [{ symbol: 'BBB' }, EXPECTED, 'symbol', /^"BBB" is not the symbol of this load, "AAA"$/],
    [{ Ticker: 'BBB' }, EXPECTED, 'ticker', /"BBB" is not the symbol/],
    [{ Name: 'BBB' }, { ...EXPECTED, name: 'Alpha' }, 'name', /"BBB" is not the name of this load, "Alpha"/],
    [{ currency: 'EUR' }, { ...EXPECTED, currency: 'USD' }, 'currency', /"EUR" is not the currency/],
  ]
  for (const [fields, expected, field, reason] of wrong) {
    const { fromJson, fromCsv } = await read(fields, expected)
    t.match(fromJson, { field, reason })
    t.match(fromCsv, { line: 2, field, reason })
  }
})

t.test('one that a parameter confirms, or that nothing contradicts', async (t) => {
  const right: [fields: object, expected: ExpectedInstrument, label: string | null][] = [
    [{ symbol: 'AAA' }, EXPECTED, null],
    [{ Symbol: 'aaa', name: 'AAA' }, EXPECTED, null],
    [{ name: 'Alpha' }, { ...EXPECTED, name: 'alpha' }, null],
    [{ name: 'Alpha' }, EXPECTED, 'name "Alpha"'],
    [{ isin: 'US1', currency: 'USD' }, EXPECTED, 'currency "USD", isin "US1"'],
    [{ symbol: 'any' }, {}, 'symbol "any"'],
  ]
  for (const [fields, expected, label] of right) {
    const { fromJson, fromCsv } = await read(fields, expected)
    t.match(fromJson, { row: { label } })
    t.match(fromCsv, { row: { label } })
  }
})

t.test('a time of day, unless it is midnight', async (t) => {
  for (const [field, value] of [
    ['Time', '09:30'],
    ['time', '16:00:00'],
    ['hour', 9],
  ] as const) {
    const { fromJson, fromCsv } = await read({ [field]: value })
    for (const parsed of [fromJson, fromCsv])
      t.match(parsed, { field: field.toLowerCase(), reason: /is a time of day; bars are daily/ })
  }
  t.match((await read({ date: '2020-01-02 09:30' })).fromCsv, { field: 'date', reason: /has a time of day/ })
  for (const time of ['00:00', '0:00', '00:00:00']) t.match((await read({ time })).fromCsv, { row: BAR })
})

t.test('open and close within low and high; a date up to tomorrow', async (t) => {
  const reasons: [fields: object, field: string, reason: RegExp][] = [
    [{ open: 13 }, 'open', /^open 13 is above high 12$/],
    [{ open: 8 }, 'open', /^open 8 is below low 9$/],
    [{ close: 12.5 }, 'close', /^close 12.5 is above high 12$/],
    [{ close: 8.5 }, 'close', /^close 8.5 is below low 9$/],
    [{ date: dayFromNow(2) }, 'date', /is after tomorrow, \d{4}-\d\d-\d\d$/],
  ]
  for (const [fields, field, reason] of reasons) {
    const { fromJson, fromCsv } = await read(fields)
    t.match(fromJson, { field, reason })
    t.match(fromCsv, { field, reason })
  }
  t.match((await read({ open: 12, close: 9, date: dayFromNow(1) })).fromCsv, { row: { open: 12, close: 9 } })
})

t.test('names that mean nothing are noted once, as they are spelt; a missing one names them', async (t) => {
  const notes = new Notes()
  const records = [
    { ...BAR, 'Adj Close': 1 },
    { ...BAR, 'Adj Close': 2, vwap: 3 },
  ]
  t.match(await collect(readBars(streamOf(ndjson(records)), 'ndjson', {}, notes)), [
    { row: BAR },
    { row: BAR },
  ])
  t.strictSame(notes.ignored, ['Adj Close', 'vwap'])
  const { date, ...others } = BAR
  const [parsed] = await collect(readBars(streamOf(ndjson([{ ...others, 'Date/Time': date }])), 'ndjson'))
  t.match(parsed, { field: 'date', reason: 'is missing; the record has `Date/Time`' })
  const twice = await collect(readBars(streamOf(ndjson([{ ...BAR, DATE: date }])), 'ndjson'))
  t.match(twice, [{ field: 'date', reason: 'is there more than once' }])
})

function dayFromNow(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
}
