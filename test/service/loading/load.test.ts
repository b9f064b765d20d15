// What a load writes, counts and reports, against a real PostgreSQL.
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { LoadError } from '../../../src/loading/report.ts'
import {
  article,
  fileStream,
  ndjson,
  SAMPLE_ARTICLES,
  SAMPLE_BARS,
  startLoadingDatabase,
} from '../../support/loading.ts'

const database = await startLoadingDatabase(t)
const { pool, bars, articles } = database
t.beforeEach(() => database.empty())

const HEADER = 'date,open,high,low,close,volume'

t.test('the sample bars load whole, with their scores, and loading them again changes nothing', async (t) => {
  t.match(await bars(fileStream(SAMPLE_BARS), { name: 'S&P 500' }), {
    read: 5105,
    inserted: 5105,
    updated: 0,
    unchanged: 0,
    duplicates: 0,
    rejected: 0,
    scoresChanged: 4834,
  })
  t.strictSame(
    [...(await pool`select open, high, low, close, volume from daily_bars where date = '2000-01-03'`)],
    [{ open: 1469.25, high: 1478, low: 1438.359985, close: 1455.219971, volume: 931_800_000 }],
  )
  // The figures of the method's description.
  t.strictSame(
    [
      ...(await pool`select score::numeric(4, 1)::float, momentum, price_strength, volume, volatility, coverage
        from score_snapshots where as_of = '2008-10-10'`),
    ],
    [{ score: 1.9, momentum: 0, price_strength: 8.2, volume: 0, volatility: 0.4, coverage: 0.7 }],
  )
  t.match(await bars(fileStream(SAMPLE_BARS)), {
    read: 5105,
    inserted: 0,
    updated: 0,
    unchanged: 5105,
    scoresChanged: 0,
  })
})

t.test('the sample articles load whole, and loading them again changes nothing', async (t) => {
  const lines = (await readFile(SAMPLE_ARTICLES, 'utf8')).trimEnd().split('\n').length
  t.match(await articles(fileStream(SAMPLE_ARTICLES)), {
    read: lines,
    inserted: lines,
    rejected: 0,
  })
  const before = [...(await pool`select * from media_articles order by id`)]
  t.match(await articles(fileStream(SAMPLE_ARTICLES)), {
    inserted: 0,
    updated: 0,
    unchanged: lines,
  })
  t.strictSame([...(await pool`select * from media_articles order by id`)], before)
})

t.test('a corrected bar updates one row', async (t) => {
  await bars(`${HEADER}\n2020-01-02,10,12,9,11,1000\n2020-01-03,10,12,9,11,1000\n`)
  t.match(await bars(`${HEADER}\n2020-01-02,10,12,9,11,1000\n2020-01-03,10,12,9,11.5,1000\n`), {
    inserted: 0,
    updated: 1,
    unchanged: 1,
  })
  t.strictSame(
    [...(await pool`select close from daily_bars order by date`)],
    [{ close: 11 }, { close: 11.5 }],
  )
})

t.test('a corrected article updates one row and keeps its id, created_at and scraped_at', async (t) => {
  await articles([article(1, { summary: 'long', sentiment_score: 0.5 }), article(2, { summary: 'stays' })])
  const before = [...(await pool`select * from media_articles order by id`)]
  const report = await articles([article(1, { title: 'Corrected' }), article(2, { summary: 'stays' })])
  t.match(report, { inserted: 0, updated: 1, unchanged: 1 })
  t.strictSame(
    [...(await pool`select * from media_articles order by id`)],
    [
      { ...before[0], title: 'Corrected', summary: null, sentiment_score: null, sentiment_label: null },
      before[1],
    ],
    'what the new line does not have is null',
  )
})

t.test('scraped_at follows the file where the file has it', async (t) => {
  await articles([article(1, { scraped_at: '2020-01-05T00:00:00.000001Z' }), article(2)])
  t.match(await articles([article(1), article(2, { scraped_at: '2020-01-06' })]), {
    updated: 1,
    unchanged: 1,
  })
  t.strictSame(
    [...(await pool`select scraped_at from media_articles order by id`)],
    [{ scraped_at: '2020-01-05 00:00:00.000001+00' }, { scraped_at: '2020-01-06 00:00:00+00' }],
  )
})

t.test('of several lines with one key the last one wins, however far apart they are', async (t) => {
  const many = Array.from({ length: 5000 }, (_, number) => article(number))
  const report = await articles([article(7, { title: 'first' }), ...many, article(7, { title: 'last' })])
  t.match(report, { read: 5002, inserted: 5000, duplicates: 2, unchanged: 0, rejected: 0 })
  t.strictSame(
    [...(await pool`select title from media_articles where url = 'https://harbor-wire.example/7'`)],
    [{ title: 'last' }],
  )
  const rows = ['10', '11', '11.5'].map((close) => `2020-01-02,10,12,9,${close},1000`)
  t.match(
    await bars([HEADER, ...rows].join('\n')),
    { read: 3, inserted: 0, duplicates: 0, rejected: 3 },
    'bars that differ',
  )
  t.match(
    await bars([HEADER, rows[0], rows[0]].join('\n')),
    { read: 2, inserted: 1, duplicates: 1 },
    'the same bar',
  )
})

t.test('broken lines are reported with their numbers, the rest is loaded', async (t) => {
  const lines = ndjson([article(1), article(2, { title: '' }), article(3)]).replace('\n', '\n\n{broken\n')
  t.match(await articles(lines), {
    read: 4,
    inserted: 2,
    rejected: 2,
    rejections: [
      { line: 3, field: null, reason: 'the line is not JSON: "{broken"' },
      { line: 4, field: 'title', reason: /is not a title/ },
    ],
  })
  t.match(await bars(`${HEADER}\n2020-01-02,10,12,9,11,1000\n2020-01-03,10,9,12,11,1000\n`), {
    read: 2,
    inserted: 1,
    rejections: [{ line: 3, field: 'high', reason: 'high 9 is below low 12' }],
  })
})

t.test('all rejections are counted, the first hundred listed', async (t) => {
  const report = await articles('x\n'.repeat(250))
  t.match(report, { read: 250, rejected: 250, inserted: 0 })
  t.strictSame(
    report.rejections.map(({ line }) => line),
    Array.from({ length: 100 }, (_, index) => index + 1),
  )
})

t.test('characters that mean something to SQL, JSON or COPY arrive as they are', async (t) => {
  const title = `'; drop table media_articles; -- \\N \\. \\x41 "q" \t {"a":1} $1 \u2028 😀 é`
  await articles([article(1, { title, content: 'a\r\nb\\n' })])
  t.strictSame(
    [...(await pool`select title, content from media_articles`)],
    [{ title, content: 'a\r\nb\\n' }],
  )
})

t.test('microseconds arrive', async (t) => {
  await articles([article(1, { published_at: '2020-01-02T10:00:00.123457Z' })])
  t.strictSame(
    [...(await pool`select published_at from media_articles`)],
    [{ published_at: '2020-01-02 10:00:00.123457+00' }],
  )
})

t.test('unknown sources are created with their code as name, known ones stay as they are', async (t) => {
  await pool`insert into media_sources (code, name) values ('harbor-wire', 'The Harbor Wire')`
  await articles([article(1), article(2, { source: 'ledger-post' }), article(3, { source: 'ledger-post' })])
  t.strictSame(
    [...(await pool`select code, name from media_sources order by code`)],
    [
      { code: 'harbor-wire', name: 'The Harbor Wire' },
      { code: 'ledger-post', name: 'ledger-post' },
    ],
  )
})

t.test(
  'an instrument is created on its first bar and keeps name and kind unless others are given',
  async (t) => {
    const row = `${HEADER}\n2020-01-02,10,12,9,11,1000\n`
    const instruments = async () => [
      ...(await pool`select symbol, name, kind from instruments order by symbol`),
    ]
    t.match(await bars(`${HEADER}\n2020-01-02,0,12,9,11,1000\n`), { rejected: 1 })
    t.strictSame(await instruments(), [], 'no bar, no instrument')
    t.match(await bars(row, { symbol: 'AB' }), { inserted: 1 })
    t.strictSame(await instruments(), [{ symbol: 'AB', name: 'AB', kind: 'index' }])
    t.match(await bars(row, { symbol: 'AB', name: 'A & B', instrumentKind: 'equity' }), {
      unchanged: 1,
    })
    t.match(await bars(row, { symbol: 'AB' }), { unchanged: 1 })
    t.strictSame(await instruments(), [{ symbol: 'AB', name: 'A & B', kind: 'equity' }])
  },
)

t.test('a symbol that cannot be one is refused', async (t) => {
  for (const symbol of ['', 'a b', 'x'.repeat(33), 'a*']) {
    await t.rejects(
      bars(`${HEADER}\n`, { symbol }),
      { name: LoadError.name, message: /does not match/ },
      symbol,
    )
  }
})

t.test('progress goes through its phases and ends at the size of the input', async (t) => {
  const text = await readFile(SAMPLE_BARS, 'utf8')
  const phases: string[] = []
  let last = { bytes: 0, rows: 0 }
  await bars(text, {
    onProgress: ({ phase, bytes, rows }) => {
      if (phases.at(-1) !== phase) phases.push(phase)
      t.ok(bytes >= last.bytes && rows >= last.rows, 'never backwards')
      last = { bytes, rows }
    },
  })
  t.strictSame(phases, ['reading', 'writing', 'scoring'])
  t.strictSame(last, { bytes: Buffer.byteLength(text), rows: 5105 })
})
