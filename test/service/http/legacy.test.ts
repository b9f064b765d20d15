// The routes that existing clients call: their shapes to the letter, and numbers that are numbers.
import t from 'tap'
import { Compile } from 'typebox/compile'
import type { TSchema } from 'typebox'
import { openPool } from '../../../src/db/client.ts'
import * as shapes from '../../../src/routes/legacy/schema.ts'
import type { Score } from '../../../src/routes/score/schema.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { getJson, isProblem, send, startFilledDatabase } from '../../support/http.ts'

const url = await startFilledDatabase(t)
const service = await startService(t, { DATABASE_URL: url })
const sql = openPool(url, { max: 1 })
t.teardown(() => sql.end({ timeout: 0 }))
const get = <Body>(path: string): Promise<Body> => getJson<Body>(service, `/api/v1${path}`)
type Points = { data: { as_of: string; score: number }[] }

const COMPONENT_NAMES = [
  'momentum',
  'price_strength',
  'volume',
  'volatility',
  'equity_vs_bonds',
  'media_sentiment',
]

t.test(
  '/index/latest and /components/latest are the newest score, which stands in where a component has no data',
  async (t) => {
    const { as_of, score, components } = await get<Score>('/score/latest')
    t.strictSame(await get('/index/latest'), { as_of, score })
    t.equal(components.equity_vs_bonds, null, 'there are no bonds')
    t.strictSame(await get('/components/latest'), {
      as_of,
      ...components,
      equity_vs_bonds: score,
      media_sentiment: score,
    })
    const shown = await get<Record<string, number>>('/components/latest')
    const weights = await get<Record<string, number>>('/metadata/weights')
    const sum = Object.entries(weights).reduce((total, [name, weight]) => total + weight * shown[name]!, 0)
    // Each of the numbers is rounded to a hundredth.
    t.ok(Math.abs(sum - score) <= 0.01, `${sum} is ${score}`)
  },
)

t.test('/index/history', async (t) => {
  const truth = await sql<{ as_of: string; score: number }[]>`
    select as_of, round(score::numeric, 2)::float8 as score from score_snapshots order by as_of desc`
  const newest = truth[0]!.as_of
  const since = (days: number) => {
    const first = new Date(Date.parse(newest) - days * 86_400_000).toISOString().slice(0, 10)
    return truth.filter((row) => row.as_of >= first)
  }
  for (const [range, expected] of [
    ['30d', since(30)],
    ['90d', since(90)],
    ['180d', since(180)],
    ['1y', since(365)],
    ['all', truth],
  ] as const) {
    const { data } = await get<Points>(`/index/history?range=${range}`)
    t.strictSame(data, [...expected], range)
    const both = await get<Points>(`/index/history?range=${range}&start_date=2001-01-01&end_date=2001-01-31`)
    t.strictSame(both.data, data, 'range wins')
  }
  const between = (first: string, last: string) =>
    truth.filter((row) => row.as_of >= first && row.as_of <= last)
  const { data } = await get<Points>('/index/history?start_date=2008-10-10&end_date=2008-10-31')
  t.strictSame(data, between('2008-10-10', '2008-10-31'), 'both ends included')
  t.equal(data.at(-1)?.score, 1.87)
  t.strictSame(
    (await get<Points>('/index/history?start_date=2020-04-01')).data,
    between('2020-04-01', '9999'),
  )
  t.strictSame((await get<Points>('/index/history?end_date=2001-03-01')).data, between('', '2001-03-01'))
  t.strictSame((await get<Points>('/index/history')).data, [...truth])
  t.strictSame((await get<Points>('/index/history?start_date=2021-01-01')).data, [])

  const refused = (query: string, ...parameters: string[]) =>
    send(service, `/api/v1/index/history?${query}`).then((answer) =>
      isProblem(t, answer, 'invalid_parameter', parameters, query),
    )
  await refused('range=7d', 'range')
  await refused('start_date=2020-02-30&end_date=x', 'start_date', 'end_date')
  await refused('start_date=2020-02-02&end_date=2020-02-01', 'start_date')
  await refused('range=30d&range=90d', 'range')
})

t.test('/simplified-v2 is V, S and P of the newest session, and their plain mean', async (t) => {
  const bars = await sql<{ date: string; close: number; volume: number }[]>`
    select date, close, volume from daily_bars
    where instrument_id = (select id from instruments where symbol = '^GSPC') order by date`
  const means = bars
    .map((_, end) => bars.slice(Math.max(0, end - 19), end + 1))
    .filter((window) => window.length === 20)
    .map((window) => window.reduce((sum, bar) => sum + bar.volume, 0) / 20)
    .slice(-252)
  const last = means.at(-1)!
  const below = means.filter((mean) => mean < last).length
  const equal = means.filter((mean) => mean === last).length
  const cents = (value: number): number => Math.round(value * 100) / 100
  const volume = cents(((below + 0.5 * (equal - 1)) / 251) * 100)
  const rising = bars
    .slice(-5)
    .filter((bar, index) => bar.close > bars[bars.length - 6 + index]!.close).length
  const performance = rising * 20
  const expected = async (sentiment: number, equities: number) => {
    const sum = cents(volume + sentiment + performance)
    const score = cents(sum / 3)
    const answer = await get<shapes.Simplified>('/simplified-v2/score')
    const shown = [volume, sentiment, performance].map((part) => part.toFixed(2)).join(' + ')
    t.strictSame(
      { ...answer, interpretation: null },
      {
        score,
        volume_moyen: volume,
        sentiment_news: sentiment,
        performance_marche: performance,
        nombre_actions: equities,
        date: '2020-04-17',
        formule: `(${shown}) / 3 = ${score.toFixed(2)}`,
        interpretation: null,
      },
    )
    t.match(answer.interpretation, /^(Peur extrême|Peur|Neutre|Avidité|Avidité extrême)$/)
    const details = await get<shapes.SimplifiedDetails>('/simplified-v2/details')
    const { volume_moyen, sentiment_news, performance_marche } = details.composantes
    t.strictSame(
      [volume_moyen, sentiment_news, performance_marche].map(({ valeur }) => valeur),
      [volume, sentiment, performance],
    )
    t.match(details, {
      score_final: score,
      date: '2020-04-17',
      denominateur: { nombre_actions: equities },
      calcul: { formule: answer.formule, numerateur: sum, score_final: score },
      interpretation: answer.interpretation,
    })
  }
  await expected(50, 2)

  // The seventh day back counts, the eighth and the day after do not; and three scored articles are enough.
  await sql`
    insert into media_articles (source, title, url, published_at, sentiment_score)
    select 'silent', 'Title', 'https://news.example/' || at, at::timestamptz, score from (values
      ('2020-04-10T23:59:59.999999Z', -1), ('2020-04-11T00:00:00Z', 0.1), ('2020-04-15T12:00:00Z', 0.2),
      ('2020-04-17T23:59:59.999999Z', 0.6), ('2020-04-18T00:00:00Z', -1)) as given (at, score)`
  await sql`insert into instruments (symbol, name, kind) values ('MORE', 'More', 'equity')`
  await service.app.cache.deletePattern('simplified:*', 'test')
  await expected(65, 3)

  // Nobody can show a division by no equities: then it is the one instrument that the figure is made of.
  const equities = await sql<{ id: number }[]>`
    update instruments set kind = 'index' where kind = 'equity' returning id`
  await service.app.cache.deletePattern('simplified:*', 'test')
  await expected(65, 1)
  await sql`update instruments set kind = 'equity' where id in ${sql(equities.map(({ id }) => id))}`
})

t.test('/metadata and /health/ping', async (t) => {
  t.strictSame(await get('/metadata/components'), { components: COMPONENT_NAMES })
  const weights = await get<Record<string, number>>('/metadata/weights')
  t.strictSame(Object.keys(weights), COMPONENT_NAMES)
  t.strictSame(Object.values(weights), [0.2, 0.15, 0.15, 0.2, 0.15, 0.15])
  t.strictSame(await get('/health/ping'), { status: 'ok' })
  const ping = await send(service, '/api/v1/health/ping')
  t.equal(ping.headers['cache-control'], 'no-store')
})

t.test('no shape of theirs has a null in it, and every answer has its shape', async (t) => {
  const routes: [string, TSchema][] = [
    ['/index/latest', shapes.IndexPoint],
    ['/index/history', shapes.IndexHistory],
    ['/components/latest', shapes.ComponentsLatest],
    ['/simplified-v2/score', shapes.Simplified],
    ['/simplified-v2/details', shapes.SimplifiedDetails],
    ['/metadata/weights', shapes.Weights],
    ['/metadata/components', shapes.ComponentNames],
  ]
  for (const [path, shape] of routes) {
    t.notMatch(JSON.stringify(shape), '"null"', path)
    const body = await get(path)
    t.ok(Compile(shape).Check(body), path)
    t.notMatch(JSON.stringify(body), /null/, path)
  }
})

t.test('without a score there is no number to show: a problem says so', async (t) => {
  const empty = await startService(t, { DATABASE_URL: await createDatabase(await sharedPostgres(t)) })
  for (const path of ['/index/latest', '/components/latest', '/simplified-v2/score']) {
    isProblem(t, await send(empty, `/api/v1${path}`), 'unknown_symbol', [], path)
  }
  t.strictSame(await getJson(empty, '/api/v1/index/history?range=90d'), { data: [] })

  const short = await startService(t, { DATABASE_URL: url, DEFAULT_SYMBOL: 'TINY' })
  for (const path of [
    '/index/latest',
    '/components/latest',
    '/simplified-v2/score',
    '/simplified-v2/details',
  ]) {
    isProblem(t, await send(short, `/api/v1${path}`), 'no_score', [], path)
  }
})
