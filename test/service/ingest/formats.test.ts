// What ingestion takes in and reports: each format for both kinds, packed or not, and what becomes of records that are wrong.
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { isProblem, send } from '../../support/http.ts'
import { article, ndjson } from '../../support/loading.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import {
  ARTICLES,
  BARS,
  CSV,
  GZIP,
  ingest,
  JSON_ARRAY,
  NDJSON,
  post,
  type Report,
} from '../../support/ingestion.ts'

const service = await startService(t, { DATABASE_URL: await createDatabase(await sharedPostgres(t)) })
const { pool } = service.database
t.beforeEach(
  () => pool`truncate instruments, daily_bars, media_sources, media_articles, score_snapshots cascade`,
)

const COUNTS = { updated: 0, unchanged: 0, duplicates: 0, rejected: 0, rejections: [], dry_run: false }
const bar = (date: string, close = 11) => ({ date, open: 10, high: 12, low: 9, close, volume: 1000 })
const csvOf = (rows: object[]) =>
  [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row) as unknown[])]
    .map((values) => values.map((value) => `"${String(value).replaceAll('"', '""')}"`).join(','))
    .join('\n')
const FORMATS = [
  { name: 'NDJSON', headers: NDJSON, write: ndjson },
  { name: 'CSV', headers: CSV, write: csvOf },
  { name: 'a JSON array', headers: JSON_ARRAY, write: (rows: object[]) => JSON.stringify(rows, null, 1) },
]

for (const { name, headers, write } of FORMATS) {
  t.test(`${name}, as it is and packed`, async (t) => {
    const articles = [
      article(1, { title: 'A "quoted", \\N title', content: 'two\nlines', sentiment_score: 0.5 }),
      article(2, { title: '😀', content: 'x', sentiment_score: -1 }),
    ]
    const first = await ingest(service, ARTICLES, headers, write(articles))
    t.match(first, { ...COUNTS, read: 2, inserted: 2 })
    t.ok(first.took_ms >= 0)
    t.match(await ingest(service, ARTICLES, { ...headers, ...GZIP }, gzipSync(write(articles))), {
      read: 2,
      inserted: 0,
      unchanged: 2,
    })
    t.strictSame(
      [...(await pool`select title, content, sentiment_score from media_articles order by url`)],
      [
        { title: 'A "quoted", \\N title', content: 'two\nlines', sentiment_score: 0.5 },
        { title: '😀', content: 'x', sentiment_score: -1 },
      ],
    )
    const bars = write([bar('2020-01-02'), bar('2020-01-03')])
    t.match(await ingest(service, BARS, headers, bars), { ...COUNTS, read: 2, inserted: 2 })
    t.match(await ingest(service, BARS, { ...headers, ...GZIP }, gzipSync(bars)), { unchanged: 2 })
    t.match(await ingest(service, BARS, headers, write([bar('2020-01-03', 10), bar('2020-01-04')])), {
      inserted: 1,
      updated: 1,
    })
  })
}

t.test('what is ingested is what is answered', async (t) => {
  await ingest(
    service,
    `${BARS}&name=S%26P%20500&currency=USD&exchange=XNYS`,
    NDJSON,
    ndjson([bar('2020-01-02')]),
  )
  const { body } = await send(service, '/api/v1/volume?symbol=%5EGSPC')
  t.match(JSON.parse(body), { data: [{ ...bar('2020-01-02'), symbol: '^GSPC' }] })
  t.strictSame(
    [...(await pool`select symbol, name, kind, currency, exchange from instruments`)],
    [{ symbol: '^GSPC', name: 'S&P 500', kind: 'index', currency: 'USD', exchange: 'XNYS' }],
  )
  const other = '/api/v1/ingest/bars?symbol=TLT&kind=bond'
  await ingest(service, other, CSV, csvOf([bar('2020-01-02')]))
  t.match(await pool`select kind, name from instruments where symbol = 'TLT'`, [
    { kind: 'bond', name: 'TLT' },
  ])
})

t.test('a record that is wrong is reported with all that is needed to find it', async (t) => {
  const wrong: [fields: object, field: string | null, reason: RegExp][] = [
    [{ published_at: '2020-02-30T00:00:00Z' }, 'published_at', /2020-02-30.* no date/],
    [{ sentiment_score: 1.5 }, 'sentiment_score', /^1.5 is not a number from -1 to 1/],
    [{ sentiment_score: -1.5 }, 'sentiment_score', /^-1.5 is not a number from -1 to 1/],
    [{ url: 'nowhere' }, 'url', /http or https/],
    [{ title: 'x'.repeat(2_000_000) }, null, /longer than 1 MiB/],
  ]
  for (const [fields, field, reason] of wrong) {
    const rows = [article(1), article(2, fields), article(3)]
    const lines = await ingest(service, ARTICLES, NDJSON, ndjson(rows))
    t.match(lines, { read: 3, rejected: 1, rejections: [{ line: 2, field, reason }] })
    const array = await ingest(
      service,
      ARTICLES,
      JSON_ARRAY,
      `[\n${rows.map((row) => JSON.stringify(row)).join()}]`,
    )
    t.match(array, { read: 3, rejected: 1, rejections: [{ line: 2, item: 2, field, reason }] })
  }
  const bytes = Buffer.concat([Buffer.from(ndjson([article(1)])), Buffer.from([0xff, 0x0a])])
  t.match(await ingest(service, ARTICLES, NDJSON, bytes), {
    rejections: [{ line: 2, field: null, reason: /not valid UTF-8/ }],
  })
  const table =
    'date,open,high,low,close,volume\n2020-01-02,10,9,12,11,1\n2020-01-03,"10,12,9,11,1\n2020-01-03,1e999,12,9,11,1\n'
  t.match(await ingest(service, BARS, CSV, table), {
    read: 3,
    rejections: [
      { line: 2, field: 'high', reason: 'high 9 is below low 12' },
      { line: 3, field: null, reason: 'broken quoting' },
      { line: 4, field: 'open', reason: /not a decimal number/ },
    ],
  })
  const objects = [{ ...bar('2020-01-02'), low: '9' }, bar('2020-13-01'), { date: '2020-01-02' }, 7]
  t.match(await ingest(service, BARS, JSON_ARRAY, JSON.stringify(objects)), {
    rejections: [
      { item: 1, field: 'low', reason: '"9" is not a decimal number' },
      { item: 2, field: 'date' },
      { item: 3, field: 'open', reason: 'is missing' },
      { item: 4, field: null, reason: '7 is not an object' },
    ],
  })
})

t.test('the same URL twice in one body: the last wins, and the report says so', async (t) => {
  const body = JSON.stringify([article(1, { title: 'first' }), article(2), article(1, { title: 'last' })])
  t.match(await ingest(service, ARTICLES, JSON_ARRAY, body), { read: 3, inserted: 2, duplicates: 1 })
  t.match(await pool`select title from media_articles order by url`, [
    { title: 'last' },
    { title: 'Title 2' },
  ])
})

t.test('on_error=abort: nothing is kept, and all that was wrong is named', async (t) => {
  const rows = [article(1), article(2, { url: 'nowhere' }), article(3), article(4, { title: '' })]
  const answer = await post(service, `${ARTICLES}?on_error=abort`, NDJSON, ndjson(rows))
  isProblem(t, { ...answer, body: withoutRecords(answer.body) }, 'rows_rejected')
  t.match(JSON.parse(answer.body), {
    read: 4,
    rejections: [
      { line: 2, field: 'url' },
      { line: 4, field: 'title' },
    ],
  })
  t.strictSame([...(await pool`select code from media_sources`)], [])
  const many = await post(service, `${ARTICLES}?on_error=abort`, NDJSON, 'x\n'.repeat(100_000))
  const { read, rejections } = JSON.parse(many.body) as Report
  t.strictSame([read, rejections.length], [101, 100], 'no more than are listed are read')
  t.match(await ingest(service, `${ARTICLES}?on_error=abort`, NDJSON, ndjson([article(1)])), { inserted: 1 })
})

t.test('dry_run=true: all is counted, nothing is kept', async (t) => {
  await ingest(service, ARTICLES, NDJSON, ndjson([article(1)]))
  const rows = [article(1, { title: 'other' }), article(2), article(2), article(3, { url: '' })]
  t.match(await ingest(service, `${ARTICLES}?dry_run=true`, NDJSON, ndjson(rows)), {
    read: 4,
    inserted: 1,
    updated: 1,
    duplicates: 1,
    rejected: 1,
    dry_run: true,
  })
  t.strictSame([...(await pool`select title from media_articles`)], [{ title: 'Title 1' }])
})

t.test('what cannot be read as a whole is refused', async (t) => {
  for (const [path, headers, body] of [
    [ARTICLES, JSON_ARRAY, '[{"a":1}'],
    [ARTICLES, JSON_ARRAY, '{\n}'],
    [ARTICLES, JSON_ARRAY, '[]'],
    [ARTICLES, NDJSON, '\n\n'],
    [ARTICLES, CSV, JSON.stringify(article(1))],
    [ARTICLES, NDJSON, gzipSync(ndjson([article(1)]))],
    [ARTICLES, NDJSON, Buffer.from(ndjson([article(1)]), 'utf16le')],
    [ARTICLES, CSV, 'title,url\n'],
    [BARS, CSV, ''],
    [ARTICLES, { ...NDJSON, ...GZIP }, 'not packed'],
    [ARTICLES, { ...NDJSON, ...GZIP }, gzipSync(ndjson([article(1)])).subarray(0, -10)],
  ] as const)
    isProblem(t, await post(service, path, headers, body), 'invalid_body', [], `${path} ${String(body)}`)
  t.strictSame([...(await pool`select code from media_sources`)], [])
  for (const [headers, body] of [
    [{ 'content-type': 'text/plain' }, 'x'],
    [{ 'content-type': 'text/csv; charset=latin1' }, 'x'],
    [{ 'content-type': 'application/json', 'content-encoding': 'br' }, 'x'],
    [{ 'content-length': '1' }, 'x'],
    [{}, ''],
  ] as [Record<string, string>, string][])
    isProblem(
      t,
      await post(service, ARTICLES, headers, body),
      'unsupported_media_type',
      [],
      JSON.stringify(headers),
    )
  const { body } = await post(service, ARTICLES, { 'content-type': 'text/plain' }, 'x')
  t.match(JSON.parse(body), { detail: /^"text\/plain" is not taken: send application\/x-ndjson/ })
})

t.test('JSON is an array or an object a line, whatever it is called', async (t) => {
  const names = ['application/ndjson', 'application/jsonl', 'application/json', 'application/x-ndjson']
  for (const type of [...names, 'Application/JSON; charset="UTF-8"'])
    for (const body of [ndjson([article(1)]), JSON.stringify([article(1)], null, 1)])
      t.match(await ingest(service, ARTICLES, { 'content-type': type }, body), { read: 1, rejected: 0 }, type)
})

t.test('the report names what it ignored, and warns of a line that may be cut off', async (t) => {
  const lines = ndjson([article(1, { Author: 'a', id: 1 }), article(2, { id: 2 })])
  t.match(await ingest(service, ARTICLES, NDJSON, lines), { ignored: ['Author', 'id'], warnings: [] })
  const table = 'Date,open,high,low,close,Adj Close,volume\n2020-01-02,10,12,9,11,11,100'
  t.match(await ingest(service, BARS, CSV, table), {
    inserted: 1,
    ignored: ['Adj Close'],
    warnings: [/^the last line, 2, has no line end/],
  })
  t.match(await ingest(service, BARS, CSV, `${table}0\n`), { updated: 1, warnings: [] })
  const { body } = await post(service, BARS, CSV, 'Date/Time,Price\n1,2\n')
  t.match(JSON.parse(body), { detail: /no column `date`, .*; the file has `Date\/Time`, `Price`$/ })
})

t.test('parameters are refused by name, before the body is read', async (t) => {
  for (const [path, ...parameters] of [
    ['/api/v1/ingest/bars', 'symbol'],
    ['/api/v1/ingest/bars?symbol=a%20b&kind=stock&on_error=stop', 'symbol', 'kind', 'on_error'],
    [`${BARS}&currency=usd&exchange=%2F&name=%0a`, 'name', 'currency', 'exchange'],
    [`${ARTICLES}?dry_run=1`, 'dry_run'],
    [`${ARTICLES}?dryrun=true`, 'dryrun'],
  ] as const)
    isProblem(t, await post(service, path, NDJSON, 'x'), 'invalid_parameter', [...parameters], path)
})

/** What `isProblem` knows of a problem. */
function withoutRecords(body: string): string {
  const { read, rejections, ...problem } = JSON.parse(body) as Record<string, unknown>
  return JSON.stringify(read !== undefined && rejections !== undefined ? problem : {})
}
