// Articles without a score, asked of an analyser that costs: each once, and what it does not take is left.
import t from 'tap'
import { analysersFile, sendJson, startAnalyser } from '../../support/analyser.ts'
import { createDatabase } from '../../support/databases.ts'
import { send } from '../../support/http.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const analyser = await startAnalyser(t)
analyser.answer = ({ text }, response) =>
  text.includes('refused') ? sendJson(response, {}, 422) : sendJson(response, { verdict: { score: 0.7 } })
const environment = {
  DATABASE_URL: await createDatabase(await sharedPostgres(t)),
  ANALYSERS: await analysersFile(t, analyser.url),
}

t.test('by its name', async (t) => {
  const service = await startService(t, { ...environment, ANALYSE_ARTICLES: 'paid' })
  const { pool } = service.database
  const before = analyser.calls.length
  const article = (id: number, title: string) =>
    JSON.stringify({ source: 'wire', title, url: `https://wire.example/${id}`, published_at: '2026-01-01' })
  const body = [
    article(1, 'A rather long title of the first one'),
    article(2, 'This one is refused, whatever it says'),
  ].join('\n')
  await send(service, '/api/v1/ingest/articles', {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body,
  })
  const rows = await until(
    'both are done',
    () => pool<{ score: number | null; label: string | null }[]>`
      select sentiment_score as score, sentiment_label as label from media_articles
      where source = 'wire' and sentiment_by = 'paid' order by id`,
    ({ length }) => length === 2,
  )
  t.strictSame(
    rows.map((row) => ({ ...row })),
    [
      { score: 0.7, label: 'positive' },
      { score: null, label: null },
    ],
  )
  t.equal(analyser.calls.length - before, 2)
  await send(service, '/api/v1/ingest/articles', {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: article(3, 'A rather long title of the first one'),
  })
  await until('the same text again', async () => {
    const found = await pool`select from media_articles where source = 'wire' and sentiment_score = 0.7`
    return found.length === 2
  })
  t.equal(analyser.calls.length - before, 2, 'is not paid for again')
})

t.test('a name that is none stops the start, and says which there are', async (t) => {
  await t.rejects(startService(t, { ...environment, ANALYSE_ARTICLES: 'nobody' }), {
    message: 'ANALYSE_ARTICLES must be off or an analyser of texts: paid, lexicon (it is nobody)',
  })
})
