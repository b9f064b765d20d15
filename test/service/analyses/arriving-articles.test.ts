// Articles that come without a score get one while a service runs, whoever loads them.
import t from 'tap'
import { ARTICLES, NDJSON } from '../../support/ingestion.ts'
import { article, ndjson, startLoadingDatabase } from '../../support/loading.ts'
import { runCli } from '../../support/processes.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const database = await startLoadingDatabase(t)
const { pool, articles } = database
const DATABASE_URL = database.server.url
const GOOD = 'Shares surge to a record high'
const BAD = 'Shares plunge after profit warning'

interface Row {
  score: number | null
  label: string | null
  by: string | null
}

const rows = () =>
  pool<
    Row[]
  >`select sentiment_score as score, sentiment_label as label, sentiment_by as by from media_articles order by url`
const scored = (count: number) =>
  until(
    `${count} articles to be scored`,
    rows,
    (found) => found.filter(({ score }) => score !== null).length === count,
    LIMIT_MS,
  )
/** The promise is five seconds; a machine that does other things as well is left more. */
const LIMIT_MS = 60_000

t.beforeEach(() => database.empty())

t.test('by HTTP, by the command line, by plain SQL, and what was there at the start', async (t) => {
  await articles([article(1, { title: GOOD })])
  const service = await startService(t, { DATABASE_URL, ANALYSE_ARTICLES: 'lexicon' })
  await scored(1)

  const body = ndjson([
    article(2, { title: BAD }),
    article(3, { title: 'Le chômage recule', sentiment_score: -0.5 }),
  ])
  t.equal((await fetch(service.url + ARTICLES, { method: 'POST', headers: NDJSON, body })).status, 200)
  await scored(3)
  await articles([article(4, { title: 'Le titre bondit', language: 'fr' })])
  await scored(4)
  await pool`insert into media_articles (source, title, url, published_at) values ('harbor-wire', ${GOOD}, 'https://harbor-wire.example/5', now())`
  t.match(await scored(5), [
    { label: 'positive', by: 'lexicon' },
    { label: 'negative', by: 'lexicon' },
    { score: -0.5, label: 'negative', by: null },
    { label: 'positive', by: 'lexicon' },
    { label: 'positive', by: 'lexicon' },
  ])
  const page = (await (await service.get('/api/v1/media/latest')).json()) as { data: object[] }
  t.ok(
    page.data.every((one) => 'sentiment_score' in one && !('sentiment_by' in one)),
    'answers keep their form',
  )
})

t.test('the command line loads, and a running service scores', async (t) => {
  await startService(t, { DATABASE_URL, ANALYSE_ARTICLES: 'lexicon' })
  const file = t.testdir({ 'articles.ndjson': ndjson([article(1, { title: BAD })]) })
  const { code, stderr } = await runCli(['load', 'articles', `${file}/articles.ndjson`], { DATABASE_URL })
  t.equal(code, 0, stderr)
  t.match(await scored(1), [{ label: 'negative', by: 'lexicon' }])
})

t.test('off: nobody scores', async (t) => {
  const service = await startService(t, { DATABASE_URL, ANALYSE_ARTICLES: 'off' })
  await articles([article(1, { title: GOOD })])
  const heard = new Promise<void>((resolve) => service.app.onChanges(resolve))
  await articles([article(2, { title: GOOD })])
  await heard
  await service.app.database.background`select 1`
  t.match(await rows(), [
    { score: null, by: null },
    { score: null, by: null },
  ])
})
