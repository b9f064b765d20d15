// PostgreSQL killed or hung while a body comes in: 503, nothing kept, and it goes on.
import { once } from 'node:events'
import t from 'tap'
import { until } from '../../support/until.ts'
import { getJson, isProblem, send } from '../../support/http.ts'
import { startPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { articleLines, ARTICLES, begin, ingest, NDJSON, PATIENT, post } from '../../support/ingestion.ts'

const postgres = await startPostgres(t)

/** Resolves when so many bodies that have begun have rows at PostgreSQL already. */
async function haveRows(bodies: number): Promise<void> {
  const progress = () => postgres.sql`select 1 from pg_stat_progress_copy where tuples_processed > 0`
  await until('rows have arrived', progress, (found) => found.length === bodies)
}

async function countOf(service: { url: string }): Promise<number> {
  const path = '/api/v1/media/latest?limit=1&count=exact'
  return (await getJson<{ pagination: { total: number } }>(service, path)).pagination.total
}

t.test('PostgreSQL killed in the middle of a body', async (t) => {
  const service = await startService(t, { DATABASE_URL: await createDatabase(postgres), ...PATIENT })
  const { sent, answer } = begin(t, service)
  sent.write(articleLines(0, 3000))
  await haveRows(1)
  await postgres.kill()
  sent.write(articleLines(3000, 3000))
  isProblem(t, await answer, 'database_unavailable')
  t.match((await answer).headers['retry-after'], /^\d+$/)
  isProblem(
    t,
    await post(service, ARTICLES, NDJSON, articleLines(0, 10)),
    'database_unavailable',
    [],
    'nor one to begin with',
  )
  await postgres.start()
  t.equal(await countOf(service), 0, 'nothing was kept')
  t.match(await ingest(service, ARTICLES, NDJSON, articleLines(0, 10)), { inserted: 10 })
})

t.test('PostgreSQL hung in the middle of a body, and when all has arrived', async (t) => {
  const start = async (settings: Record<string, string>) =>
    startService(t, { DATABASE_URL: await createDatabase(postgres), ...PATIENT, ...settings })
  const services = [
    await start({ REQUEST_TIMEOUT_MS: '3000' }),
    await start({ INGEST_TIMEOUT_MS: '4000' }),
  ] as const
  const [middle, whole] = [begin(t, services[0]), begin(t, services[1])]
  for (const { sent } of [middle, whole]) sent.write(articleLines(0, 3000))
  await haveRows(2)
  postgres.pause()
  t.teardown(() => postgres.resume())
  whole.sent.end()
  const more = Buffer.from(articleLines(3000, 10_000))
  let answered = false as boolean
  middle.answer.then(
    () => (answered = true),
    () => undefined,
  )
  // As fast as it is taken, which ends when what the system keeps for the socket is full.
  while (!answered)
    if (!middle.sent.write(more)) await Promise.race([once(middle.sent, 'drain'), middle.answer])
  isProblem(t, await middle.answer, 'database_unavailable')
  isProblem(t, await whole.answer, 'database_unavailable')
  postgres.resume()
  for (const service of services) {
    await until('it is back', async () => (await send(service, '/api/v1/media/sources')).status === 200)
    t.equal(await countOf(service), 0)
  }
})
