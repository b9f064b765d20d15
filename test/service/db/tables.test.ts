// What the tables themselves refuse: producers write into them directly, and no answer can show such a row.
import t, { type Test } from 'tap'
import { createDatabase } from '../../support/databases.ts'
import { openPool } from '../../../src/db/client.ts'
import { sharedPostgres } from '../../support/postgres.ts'

const sql = openPool(await createDatabase(await sharedPostgres(t)), { max: 1 })
t.teardown(() => sql.end({ timeout: 0 }))
await sql`insert into instruments (symbol, name, kind) values ('^GSPC', 'S&P 500', 'index')`
await sql`insert into media_sources (code, name) values ('harbor-wire', 'Harbor Wire')`

const NOT_NUMBERS = ['NaN', 'Infinity', '-Infinity']
const CHECK = '23514'

type Row = Record<string, string | number | null>

const BAR: Row = { instrument_id: 1, date: '2020-01-02', open: 10, high: 12, low: 9, close: 11, volume: 0 }
const ARTICLE: Row = {
  source: 'harbor-wire',
  title: 'Title',
  url: 'https://harbor-wire.example/1',
  published_at: '2020-01-02T10:00:00Z',
  sentiment_score: -1,
  sentiment_label: 'negative',
}
const SNAPSHOT: Row = { instrument_id: 1, as_of: '2020-01-02', score: 50, coverage: 1, method_version: 1 }
/** Behind what the other tests' rows have announced. */
const CLEAR: Row = { seq: 1_000_000, kind: 'pattern', selector: '*', actor: 'test' }
const INSTRUMENT: Row = { symbol: 'BOND', name: 'Bond', kind: 'bond' }

/** As text, which PostgreSQL casts: the driver has no say in what reaches the table. */
async function insert(table: string, row: Row): Promise<void> {
  const values = Object.values(row).map((value) => (value === null ? 'null' : `'${value}'`))
  await sql.unsafe(`insert into ${table} (${Object.keys(row).join()}) values (${values.join()})`)
}

/** The row is good, and with each of these changes it is refused with this SQLSTATE. */
async function checkTable(t: Test, table: string, good: Row, bad: [Row, string][]): Promise<void> {
  for (const [change, code] of bad) {
    await t.rejects(insert(table, { ...good, ...change }), { code }, JSON.stringify(change))
  }
  await t.resolves(insert(table, good), 'without any of these changes')
}

t.test('bars: prices and volumes are numbers that make sense', (t) =>
  checkTable(t, 'daily_bars', BAR, [
    ...['open', 'high', 'low', 'close', 'volume'].flatMap((column) =>
      NOT_NUMBERS.map((value): [Row, string] => [{ [column]: value }, CHECK]),
    ),
    ...['open', 'high', 'low', 'close'].map((column): [Row, string] => [{ [column]: 0 }, CHECK]),
    [{ high: 8 }, CHECK],
    [{ volume: -1 }, CHECK],
    [{ date: 'infinity' }, CHECK],
    [{ date: '-infinity' }, CHECK],
    [{ date: '10000-01-01' }, CHECK],
    [{ date: '0001-12-31 BC' }, CHECK],
    [{ close: null }, '23502'],
    [{ instrument_id: 2 }, '23503'],
  ]),
)

t.test('articles: labels, scores, times and addresses can be shown', (t) =>
  checkTable(t, 'media_articles', ARTICLE, [
    ...NOT_NUMBERS.map((value): [Row, string] => [{ sentiment_score: value }, CHECK]),
    [{ sentiment_score: 1.01 }, CHECK],
    [{ sentiment_score: -1.01 }, CHECK],
    [{ sentiment_label: 'bullish' }, CHECK],
    [{ published_at: 'infinity' }, CHECK],
    [{ published_at: '-infinity' }, CHECK],
    [{ published_at: '10000-01-01T00:00:00Z' }, CHECK],
    [{ published_at: '0001-12-31T23:59:59Z BC' }, CHECK],
    [{ published_at: null }, '23502'],
    [{ url: `https://harbor-wire.example/${'a'.repeat(2048)}` }, CHECK],
    [{ url: `https://harbor-wire.example/${'é'.repeat(1400)}` }, CHECK],
    [{ source: 'unknown' }, '23503'],
    // The identity is PostgreSQL's to give.
    [{ id: 7 }, '428C9'],
  ]),
)

t.test('articles: the longest address that is allowed fits the index', async (t) => {
  // Letters that do not compress.
  const tail = Array.from({ length: 2020 }, (_, index) => ((index * 7919 + 13) % 36).toString(36)).join('')
  const url = `https://harbor-wire.example/${tail}`
  t.equal(url.length, 2048)
  await t.resolves(insert('media_articles', { ...ARTICLE, url }))
  await t.rejects(insert('media_articles', { ...ARTICLE, url }), { code: '23505' })
})

t.test('scores: one a session, with all that an answer needs', async (t) => {
  await checkTable(t, 'score_snapshots', SNAPSHOT, [
    [{ score: null }, '23502'],
    [{ coverage: null }, '23502'],
    [{ instrument_id: 2 }, '23503'],
  ])
  await t.rejects(insert('score_snapshots', SNAPSHOT), { code: '23505' })
})

t.test('instruments and the clear log: only the kinds there are', async (t) => {
  await checkTable(t, 'instruments', INSTRUMENT, [[{ kind: 'future' }, CHECK]])
  await t.rejects(insert('instruments', INSTRUMENT), { code: '23505' })
  await checkTable(t, 'cache_clears', CLEAR, [
    [{ kind: 'glob' }, CHECK],
    [{ actor: null }, '23502'],
  ])
})
