// The routes that answer figures rather than rows: volume, sentiment, the overview and the methodology, against the same figures computed here.
import t from 'tap'
import { openPool } from '../../../src/db/client.ts'
import type { Article, SentimentStats } from '../../../src/routes/media/schema.ts'
import type { Overview } from '../../../src/routes/overview/schema.ts'
import type { Methodology, Score } from '../../../src/routes/score/schema.ts'
import type { VolumeStats, VolumeTrend } from '../../../src/routes/volume/schema.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { articles } from '../../support/articles.ts'
import { getJson, isProblem, send, startFilledDatabase } from '../../support/http.ts'

const url = await startFilledDatabase(t)
const service = await startService(t, { DATABASE_URL: url })
const sql = openPool(url, { max: 1 })
t.teardown(() => sql.end({ timeout: 0 }))
const get = <Body>(path: string): Promise<Body> => getJson<Body>(service, `/api/v1${path}`)
const cents = (value: number): number => Number(value.toFixed(2))

t.test('/volume/stats counts sessions back from the newest there is', async (t) => {
  for (const [symbol, days] of [
    ['^GSPC', 7],
    ['^GSPC', 365],
    ['TINY', 30],
    ['STILL', 30],
  ] as const) {
    const [truth] = await sql`
      select count(*), avg(volume), min(volume), max(volume), sum(volume) from (
        select volume from daily_bars where instrument_id = (select id from instruments where symbol = ${symbol})
        order by date desc limit ${days}) newest`
    const { count, avg, min, max, sum } = truth as Record<'count' | 'avg' | 'min' | 'max' | 'sum', number>
    t.strictSame(await get<VolumeStats>(`/volume/stats?symbol=${encodeURIComponent(symbol)}&days=${days}`), {
      period_days: days,
      trading_days: count,
      volume_stats: { average: cents(avg), min, max, total: sum },
    })
  }
  const none = { average: 0, min: 0, max: 0, total: 0 }
  t.strictSame(await get('/volume/stats?symbol=EMPTY'), {
    period_days: 30,
    trading_days: 0,
    volume_stats: none,
  })
  t.strictSame(await get('/volume/stats'), await get('/volume/stats?symbol=%5EGSPC&days=30&_=1'))
  isProblem(t, await send(service, '/api/v1/volume/stats?symbol=NONE'), 'unknown_symbol')
  isProblem(t, await send(service, '/api/v1/volume/stats?days=6'), 'invalid_parameter', ['days'])
  isProblem(t, await send(service, '/api/v1/volume/stats?days=366'), 'invalid_parameter', ['days'])
})

t.test('/volume/trend compares the halves of the last 30 sessions', async (t) => {
  /** Older sessions than the last 30 have a volume that would change everything. */
  const trendOf = async (symbol: string, newestFirst: number[]): Promise<VolumeTrend> => {
    const [row] = await sql<{ id: number }[]>`
      insert into instruments (symbol, name, kind) values (${symbol}, ${symbol}, 'equity') returning id`
    await sql`
      insert into daily_bars (instrument_id, date, open, high, low, close, volume)
      select ${row!.id}, date '2020-04-17' - ordinality::integer, 10, 12, 9, 11, volume
      from json_array_elements_text(${JSON.stringify(newestFirst)}::text::json) with ordinality as given (text, ordinality),
        lateral (select text::float8 as volume) as number`
    return get<VolumeTrend>(`/volume/trend?symbol=${symbol}`)
  }
  const halves = (newer: number, older: number, more = [1e9, 1e9]): number[] => [
    ...Array<number>(15).fill(newer),
    ...Array<number>(15).fill(older),
    ...more,
  ]
  const figures = { period_days: 30, data_points: 30, first_half_avg: 100 }
  t.strictSame(await trendOf('T1', halves(110, 100)), {
    ...figures,
    trend: 'stable',
    change_percent: 10,
    second_half_avg: 110,
  })
  t.match(await trendOf('T2', halves(110.02, 100)), { trend: 'increasing', change_percent: 10.02 })
  t.match(await trendOf('T3', halves(90, 100)), { trend: 'stable', change_percent: -10 })
  t.match(await trendOf('T4', halves(89.98, 100)), { trend: 'decreasing', change_percent: -10.02 })
  t.strictSame(await trendOf('T5', halves(50, 100, []).slice(0, 29)), {
    trend: 'insufficient_data',
    change_percent: 0,
    first_half_avg: 100,
    second_half_avg: 50,
    period_days: 30,
    data_points: 29,
  })
  t.match(await trendOf('T6', halves(50, 0)), {
    trend: 'insufficient_data',
    change_percent: 0,
    second_half_avg: 50,
  })
  t.strictSame(await get('/volume/trend?symbol=EMPTY'), {
    trend: 'insufficient_data',
    change_percent: 0,
    first_half_avg: 0,
    second_half_avg: 0,
    period_days: 30,
    data_points: 0,
  })
  const volumes = await sql<{ volume: number }[]>`
    select volume from daily_bars where instrument_id = (select id from instruments where symbol = '^GSPC')
    order by date desc limit 30`
  const sum = (rows: typeof volumes): number => rows.reduce((total, row) => total + row.volume, 0)
  const [newer, older] = [
    sum(volumes.slice(0, 15) as typeof volumes),
    sum(volumes.slice(15) as typeof volumes),
  ]
  t.match(await get('/volume/trend'), { change_percent: cents((newer / older - 1) * 100) })
  isProblem(t, await send(service, '/api/v1/volume/trend?symbol=NONE'), 'unknown_symbol')
})

t.test('/score/methodology is what the scores are made of', async (t) => {
  const { components, labels, ...rest } = await get<Methodology>('/score/methodology')
  t.strictSame(rest, { version: 1, window: 252 })
  t.strictSame(
    components.map(({ name, weight }) => [name, weight]),
    [
      ['momentum', 0.2],
      ['price_strength', 0.15],
      ['volume', 0.15],
      ['volatility', 0.2],
      ['equity_vs_bonds', 0.15],
      ['media_sentiment', 0.15],
    ],
  )
  t.ok(components.every(({ definition }) => definition.length > 40))
  t.strictSame(
    labels.map(({ name, from, to }) => [name, from, to]),
    [
      ['extreme_fear', 0, 24.99],
      ['fear', 25, 44.99],
      ['neutral', 45, 55],
      ['greed', 55.01, 75],
      ['extreme_greed', 75.01, 100],
    ],
  )
})

t.test('/media/sentiment-stats over any range, inclusive', async (t) => {
  for (const [query, condition] of [
    ['', () => true],
    ['?from=2020-04-03&to=2020-04-04', (at) => at >= '2020-04-03' && at < '2020-04-05'],
    [
      '?to=2020-04-02T09:00:00Z',
      (at) => at <= '2020-04-02T09:00:00Z' && !at.startsWith('2020-04-02T09:00:00.'),
    ],
    ['?from=2021-01-01', () => false],
  ] as [string, (at: string) => boolean][]) {
    const within = articles.filter((article) => condition(article.published_at))
    const scores = within.flatMap((article) => article.sentiment_score ?? [])
    const count = (is: (score: number) => boolean): number => scores.filter(is).length
    const average = scores.length === 0 ? 0 : scores.reduce((sum, score) => sum + score, 0) / scores.length
    t.strictSame(
      await get<SentimentStats>(`/media/sentiment-stats${query}`),
      {
        total_articles: within.length,
        sentiment_distribution: {
          positive: count((score) => score >= 0.3),
          neutral: count((score) => score > -0.3 && score < 0.3),
          negative: count((score) => score <= -0.3),
        },
        sentiment_scores: {
          average: cents(average) + 0,
          min: scores.length === 0 ? 0 : Math.min(...scores),
          max: scores.length === 0 ? 0 : Math.max(...scores),
        },
      },
      query,
    )
  }
  isProblem(
    t,
    await send(service, '/api/v1/media/sentiment-stats?from=x&to=2020-02-30'),
    'invalid_parameter',
    ['from', 'to'],
  )
})

t.test('/overview is the newest of everything, and /content/vitrine the same answer', async (t) => {
  const overview = await get<Overview>('/overview')
  const { data } = await get<{ data: Article[] }>('/media/latest?limit=5')
  const { as_of, score, label } = await get<Score>('/score/latest')
  const { updated_at, ...rest } = overview
  t.strictSame(rest, {
    articles: articles.length,
    sources: 4,
    sessions: 5105,
    latest_score: { as_of, score, label },
    latest_articles: data,
  })
  t.ok(Math.abs(Date.parse(updated_at) - Date.now()) < 60_000, updated_at)
  const [one, other] = await Promise.all([
    send(service, '/api/v1/overview'),
    send(service, '/api/v1/content/vitrine'),
  ])
  t.strictSame([one.body, one.headers.etag], [other.body, other.headers.etag])
  t.equal(other.headers['x-cache'], 'HIT', 'one entry for both')
})

t.test('/overview of a database with nothing in it has numbers all the same', async (t) => {
  const empty = await startService(t, { DATABASE_URL: await createDatabase(await sharedPostgres(t)) })
  const { updated_at: _, ...overview } = await getJson<Overview>(empty, '/api/v1/overview')
  t.strictSame(overview, {
    articles: 0,
    sources: 0,
    sessions: 0,
    latest_score: { as_of: null, score: 50, label: 'neutral' },
    latest_articles: [],
  })
})
