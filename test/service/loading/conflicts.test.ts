// Bars that cannot all be true are rejected together, on a real PostgreSQL; what is there twice with the same values is not.
import t from 'tap'
import { LoadError } from '../../../src/loading/report.ts'
import { startLoadingDatabase } from '../../support/loading.ts'

const database = await startLoadingDatabase(t)
const { pool, bars } = database
t.beforeEach(() => database.empty())

const HEADER = 'date,open,high,low,close,volume'
const dates = async () =>
  (await pool<{ date: string }[]>`select date::text from daily_bars order by date`).map(({ date }) => date)

t.test('one date with different values: every line of it, whatever stands between them', async (t) => {
  const lines = [
    '2020-01-02,10,12,9,11,1',
    '2020-01-03,10,12,9,11,1',
    '2020-01-03,10,12,9,11,1',
    '2020-01-02,10,12,9,11,2',
  ]
  const report = await bars([HEADER, ...lines, ''].join('\n'))
  t.match(report, { read: 4, inserted: 1, duplicates: 1, rejected: 2 })
  const reason =
    '2020-01-02 is there 2 times with different values, from line 2 to 5; bars are daily, one for each date'
  t.strictSame(report.rejections, [
    { line: 2, field: 'date', reason },
    { line: 5, field: 'date', reason },
  ])
  t.strictSame(await dates(), ['2020-01-03'])
})

t.test('several instruments in one file: those that no parameter confirms', async (t) => {
  const lines = [
    '2020-01-02,10,12,9,11,1,AAA',
    '2020-01-02,20,22,19,21,1,BBB',
    '2020-01-03,20,22,19,21,1,BBB',
    '2020-01-03,10,12,9,11,1,AAA',
  ]
  const report = await bars([`${HEADER},Name`, ...lines, ''].join('\n'), { symbol: 'AAA' })
  t.match(report, { read: 4, inserted: 2, rejected: 2, ignored: [] })
  t.match(report.rejections, [
    {
      line: 3,
      field: 'name',
      reason: /^name "BBB": other records say otherwise, and a load is of one instrument$/,
    },
    { line: 4, field: 'name' },
  ])
  t.match(await pool`select distinct close from daily_bars`, [{ close: 11 }])
  t.match(await bars([`${HEADER},Name`, ...lines, ''].join('\n'), { symbol: 'CCC' }), {
    inserted: 0,
    rejected: 4,
  })
  const [, , one = ''] = lines
  t.match(
    await bars(`${HEADER},Name\n${one}\n`, { symbol: 'BB' }),
    { inserted: 1 },
    'one name contradicts nothing',
  )
})

t.test('all or nothing counts them, too', async (t) => {
  const text = [
    HEADER,
    '2020-01-02,10,12,9,11,1',
    '2020-01-02,10,12,9,11,2',
    '2020-01-03,10,12,9,11,2',
    '',
  ].join('\n')
  await t.rejects(bars(text, { onError: 'abort' }), { message: /2 lines were rejected/ })
  t.strictSame(await dates(), [])
})

t.test('rejections are listed in the order of the input, the first hundred', async (t) => {
  const minutes = Array.from({ length: 150 }, (_, minute) => `2020-01-02,10,12,9,11,${minute}`)
  const report = await bars(
    [HEADER, ...minutes.slice(0, 50), 'x,1,1,1,1,1', ...minutes.slice(50), ''].join('\n'),
  )
  t.match(report, { read: 151, inserted: 0, rejected: 151 })
  t.strictSame(
    report.rejections.map(({ line }) => line),
    Array.from({ length: 100 }, (_, index) => index + 2),
  )
})

t.test('nothing read is no success', async (t) => {
  for (const [text, format] of [
    ['[]', 'json'],
    ['\n \n', 'ndjson'],
    [`${HEADER}\n`, 'csv'],
  ] as const)
    await t.rejects(bars(text, { format }), {
      name: LoadError.name,
      message: /there is no record in the \d+ bytes/,
    })
})
