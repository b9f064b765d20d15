// What the read routes answer is what SQL says, computed here in another way than the service does.
import t from 'tap'
import { Compile } from 'typebox/compile'
import { openPool } from '../../../src/db/client.ts'
import type { ListEnvelope } from '../../../src/pagination/index.ts'
import type { Article, Sources } from '../../../src/routes/media/schema.ts'
import type { Score } from '../../../src/routes/score/schema.ts'
import type { VolumeLatest, VolumeRow } from '../../../src/routes/volume/schema.ts'
import { readDocument } from '../../support/openapi-document.ts'
import { startService } from '../../support/service.ts'
import { articles } from '../../support/articles.ts'
import { getJson, startFilledDatabase } from '../../support/http.ts'

const url = await startFilledDatabase(t)
const service = await startService(t, { DATABASE_URL: url })
const sql = openPool(url, { max: 1 })
t.teardown(() => sql.end({ timeout: 0 }))

const get = <Body>(path: string): Promise<Body> => getJson<Body>(service, `/api/v1${path}`)
const getAll = async <Row>(path: string): Promise<Row[]> => {
  const rows: Row[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: ListEnvelope<Row> = await get(`${path}${cursor === '' ? '' : `&cursor=${cursor}`}`)
    rows.push(...page.data)
    cursor = page.pagination.type === 'cursor' ? page.pagination.next_cursor : null
  }
  return rows
}

const twoDecimals = (value: number): boolean => Number(value.toFixed(2)) === value
const rounds = (shown: number, exact: number): boolean =>
  twoDecimals(shown) && Math.abs(shown - exact) < 0.005001

interface Bar {
  date: string
  open: number
  high: number
  low: number
  close: number
  volume: number
  change: number | null
}
const barsOf = (symbol: string): Promise<Bar[]> => sql<Bar[]>`
  select date, open, high, low, close, volume,
    (close - lag(close) over (order by date)) * 100 / lag(close) over (order by date) as change
  from daily_bars join instruments on id = instrument_id where symbol = ${symbol} order by date`

t.test('/volume has every bar, each change against the session before, whatever the page', async (t) => {
  for (const symbol of ['^GSPC', 'TINY', 'STILL']) {
    const bars = await barsOf(symbol)
    for (const limit of symbol === '^GSPC' ? [500, 37] : [1, 500]) {
      const query = `symbol=${encodeURIComponent(symbol)}&limit=${limit}&order=asc`
      const rows = await getAll<VolumeRow>(`/volume?${query}`)
      t.strictSame(
        rows.map(({ change_percent: _, ...row }) => row),
        bars.map(({ change: _, ...bar }) => ({ ...bar, symbol })),
        `${symbol} by ${limit}`,
      )
      const wrong = rows.filter(({ change_percent: shown }, index) => {
        const exact = bars[index]?.change ?? null
        return exact === null || shown === null ? shown !== exact : !rounds(shown, exact)
      })
      t.strictSame(wrong, [])
      t.equal(rows[0]?.change_percent, null, 'none for the very first bar')
    }
  }
  const { data } = await get<ListEnvelope<VolumeRow>>('/volume?symbol=TINY&from=2020-04-17&limit=1')
  t.strictSame([data.length, data[0]?.change_percent], [1, -10], 'against a bar that the filter leaves out')
})

t.test('/volume from and to are inclusive', async (t) => {
  const dates = (await barsOf('^GSPC')).map((bar) => bar.date).reverse()
  for (const [from, to] of [
    ['2020-04-13', '2020-04-17'],
    ['2020-04-14', '2020-04-14'],
    ['2020-04-10', '2020-04-12'],
    ['0001-01-01', '2000-01-05'],
    ['2020-04-09', '9999-12-31'],
  ] as const) {
    const { data } = await get<ListEnvelope<VolumeRow>>(`/volume?from=${from}&to=${to}`)
    t.strictSame(
      data.map((row) => row.date),
      dates.filter((date) => date >= from && date <= to),
      `${from} to ${to}`,
    )
  }
})

t.test('/volume/latest: the newest sessions, ascending, every number a number', async (t) => {
  for (const [symbol, days] of [
    ['^GSPC', 7],
    ['^GSPC', 30],
    ['^GSPC', 365],
    ['TINY', 30],
    ['STILL', 7],
  ] as const) {
    const bars = (await barsOf(symbol)).slice(-days)
    const answer = await get<VolumeLatest>(`/volume/latest?symbol=${encodeURIComponent(symbol)}&days=${days}`)
    t.strictSame([answer.days, answer.count, answer.data.length], [days, bars.length, bars.length])
    const pick = ({ date, volume, close }: Pick<Bar, 'date' | 'volume' | 'close'>) => ({
      date,
      volume,
      close,
    })
    t.strictSame(answer.data.map(pick), bars.map(pick), `${symbol} ${days}`)

    const mean = bars.reduce((sum, bar) => sum + bar.volume, 0) / bars.length
    t.ok(rounds(answer.average_volume, mean), 'the mean volume')
    const normalized = answer.data.map((row) => row.normalized_volume)
    t.ok(
      Math.abs(normalized.reduce((sum, value) => sum + value, 0) / bars.length - 100) < 0.005,
      'a mean of 100',
    )
    const wrong = answer.data.filter(
      (row, index) =>
        !rounds(row.normalized_volume, mean === 0 ? 100 : (row.volume / mean) * 100) ||
        !rounds(row.change_percent, bars[index]?.change ?? 0),
    )
    t.strictSame(wrong, [])
  }
  const tiny = await get<VolumeLatest>('/volume/latest?symbol=TINY')
  t.strictSame(
    tiny.data.map((row) => [row.change_percent, row.normalized_volume]),
    [
      [0, 0],
      [10, 225],
      [-10, 75],
    ],
    '0 for the very first bar',
  )
  const empty = { data: [], count: 0, days: 9, average_volume: 0 }
  t.strictSame(await get('/volume/latest?symbol=EMPTY&days=9'), empty)
})

t.test('/score is what was computed, rounded, with its label', async (t) => {
  const names = [
    'momentum',
    'price_strength',
    'volume',
    'volatility',
    'equity_vs_bonds',
    'media_sentiment',
  ] as const
  const truth = await sql<({ as_of: string; score: number; coverage: number } & Score['components'])[]>`
    select s.* from score_snapshots s join instruments on id = instrument_id where symbol = '^GSPC' order by as_of desc`
  const scores = await getAll<Score>('/score?limit=500')
  t.equal(scores.length, truth.length)
  const label = (score: number) =>
    score < 25
      ? 'extreme_fear'
      : score < 45
        ? 'fear'
        : score <= 55
          ? 'neutral'
          : score <= 75
            ? 'greed'
            : 'extreme_greed'
  const wrong = scores.filter((score, index) => {
    const row = truth[index]!
    return (
      score.as_of !== row.as_of ||
      score.symbol !== '^GSPC' ||
      !rounds(score.score, row.score) ||
      score.label !== label(score.score) ||
      score.coverage !== row.coverage ||
      names.some((name) => {
        const [shown, exact] = [score.components[name], row[name]]
        return shown === null || exact === null ? shown !== exact : !rounds(shown, exact)
      })
    )
  })
  t.strictSame(wrong, [])
  t.strictSame(Object.keys(scores[0]?.components ?? {}), names)
  t.ok(
    scores.some(
      (score) => score.components.media_sentiment !== null && score.components.equity_vs_bonds === null,
    ),
  )
  t.strictSame(await get('/score/latest'), scores[0])
  const { data } = await get<ListEnvelope<Score>>('/score?from=2008-10-10&to=2008-10-10')
  t.match(data, [{ as_of: '2008-10-10', score: 1.87, label: 'extreme_fear' }])

  await sql`update score_snapshots set score = 24.996, momentum = 1 / 3.0::float8 where as_of = '2010-01-04'`
  const odd = await get<ListEnvelope<Score>>('/score?from=2010-01-04&to=2010-01-04')
  t.match(
    odd.data,
    [{ score: 25, label: 'fear', components: { momentum: 0.33 } }],
    'two decimals, whatever is stored',
  )
})

/** Articles as SQL gives them, with times made by SQL itself. */
const articlesWhere = async (condition: string): Promise<Article[]> => [
  ...(await sql.unsafe<Article[]>(`
    select id, source, title, url, summary, content, image_url,
      regexp_replace(to_char(published_at, 'YYYY-MM-DD"T"HH24:MI:SS.US'), '\\.0+$', '') || 'Z' as published_at,
      sentiment_score, sentiment_label,
      regexp_replace(to_char(scraped_at, 'YYYY-MM-DD"T"HH24:MI:SS.US'), '\\.0+$', '') || 'Z' as scraped_at
    from media_articles where ${condition} order by media_articles.published_at desc, id desc`)),
]

t.test('/media/latest under every filter, inclusive to the microsecond', async (t) => {
  const instant = '2020-04-02T09:00:00.000001Z'
  const cases: [query: string, condition: string][] = [
    ['', 'true'],
    ['source=Ledger.24', `source = 'Ledger.24'`],
    ['sentiment=positive', 'sentiment_score >= 0.3'],
    ['sentiment=negative', 'sentiment_score <= -0.3'],
    ['sentiment=neutral', 'abs(sentiment_score) < 0.3'],
    ['source=harbor-wire&sentiment=neutral', `source = 'harbor-wire' and abs(sentiment_score) < 0.3`],
    ['from=2020-04-03&to=2020-04-04', `published_at >= '2020-04-03Z' and published_at < '2020-04-05Z'`],
    ['to=2020-04-03', `published_at <= '2020-04-03T23:59:59.999999Z'`],
    ['to=2020-04-03T00:00:00Z', `published_at <= '2020-04-03Z'`],
    [`from=${instant}&to=${instant}`, `published_at = '${instant}'`],
    [`from=${instant}`, `published_at >= '${instant}'`],
    [`to=${instant}`, `published_at <= '${instant}'`],
    ['to=2020-04-02T09:00:00Z', `published_at <= '2020-04-02T09:00:00Z'`],
    ['from=2020-04-02T11:00:00.000002%2B02:00', `published_at >= '2020-04-02T09:00:00.000002Z'`],
    [
      'source=quay-post&from=2020-04-02&to=2020-04-02',
      `source = 'quay-post' and published_at::date = '2020-04-02'`,
    ],
    ['from=2021-01-01', 'false'],
  ]
  for (const [query, condition] of cases) {
    const truth = await articlesWhere(condition)
    t.strictSame(await getAll<Article>(`/media/latest?limit=500&${query}`), truth, query)
    const ascending = await getAll<Article>(`/media/latest?limit=30&order=asc&${query}`)
    t.strictSame(ascending, truth.toReversed(), `${query} ascending`)
    const counted = await get<ListEnvelope<Article>>(`/media/latest?limit=1&count=exact&${query}`)
    t.equal(counted.pagination.total, truth.length, `${query} counted`)
  }
  t.equal((await articlesWhere(`published_at = '${instant}'`)).length > 1, true, 'the sample has such ties')
})

const microseconds = (instant = ''): string =>
  instant.replace(/\.(\d+)Z$/, (_, digits: string) => `.${digits.padEnd(6, '0')}Z`)

t.test('/media/{id} is the same article as in the list, as it was loaded', async (t) => {
  const all = await getAll<Article>('/media/latest?limit=500')
  const loaded = new Map(articles.map((article) => [article.url, article]))
  for (const article of all) {
    t.strictSame(await get(`/media/${article.id}`), article)
    const given = loaded.get(article.url)!
    t.strictSame(
      [article.title, article.source, article.content, article.sentiment_score],
      [given.title, given.source, given.content ?? null, given.sentiment_score ?? null],
    )
    t.strictSame(
      [article.published_at, article.scraped_at],
      [given.published_at, given.scraped_at].map(microseconds),
    )
  }
  t.equal(all.length, articles.length)
})

t.test('/media/sources counts the articles of each, those without any included', async (t) => {
  const counts = new Map([['silent', 0]])
  for (const { source } of articles) counts.set(source, (counts.get(source) ?? 0) + 1)
  const { sources, total_sources } = await get<Sources>('/media/sources')
  t.equal(total_sources, 4)
  t.strictSame(new Map(sources.map((source) => [source.code, source.article_count])), counts)
  const codes = await sql<{ code: string }[]>`select code from media_sources order by code`
  t.strictSame(
    sources.map((source) => source.code),
    codes.map((row) => row.code),
  )
})

t.test('every answer is what its route says in the document, and nothing beyond', async (t) => {
  const { operations } = await readDocument(service)
  for (const [path, ...queries] of [
    ['/api/v1/volume', '', '?offset=0', '?count=exact', '?symbol=EMPTY', '?symbol=TINY', '?order=asc'],
    ['/api/v1/volume/latest', '', '?symbol=EMPTY', '?symbol=TINY'],
    ['/api/v1/score', '', '?offset=0', '?order=asc', '?symbol=EMPTY'],
    ['/api/v1/score/latest', ''],
    ['/api/v1/media/latest', '', '?offset=0', '?count=exact&offset=3', '?source=silent', '?cursor=1'],
    ['/api/v1/media/sources', ''],
    ['/cache/stats', ''],
    ['/livez', ''],
    ['/readyz', ''],
  ] as [string, ...string[]][]) {
    const operation = operations.find((one) => one.method === 'GET' && one.path === path)
    const checker = Compile(closed(operation!.schemas.get('200')!))
    for (const query of queries) {
      t.strictSame(checker.Errors(await getJson(service, `${path}${query}`)), [], `${path}${query}`)
    }
  }
})

/** The same schema with no room for properties that it does not name. */
function closed(schema: object): object {
  const inside = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inside)
    return typeof value === 'object' && value !== null ? closed(value) : value
  }
  const entries = Object.entries(schema).map(([name, value]) => [name, inside(value)] as const)
  return {
    ...Object.fromEntries(entries),
    ...('properties' in schema ? { additionalProperties: false } : {}),
  }
}
