// PostgreSQL killed, hung or full while a body comes in, and a stop of the service: 503, nothing kept, and it goes on.
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { until } from '../../support/until.ts'
import { getJson, isProblem, send } from '../../support/http.ts'
import { startPostgres, type TestPostgres } from '../../support/postgres.ts'
import { startServiceProcess } from '../../support/processes.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { articleLines, ARTICLES, begin, ingest, NDJSON, PATIENT, post } from '../../support/ingestion.ts'

const STOP_LIMIT_MS = 10_000

/** A request whose body has begun, and of which PostgreSQL has rows already. */
async function beginAndWait(t: Test, service: { url: string }, postgres: TestPostgres) {
  const begun = begin(t, service)
  begun.sent.write(articleLines(0, 3000))
  const progress = () => postgres.sql`select 1 from pg_stat_progress_copy where tuples_processed > 0`
  await until('rows have arrived', progress, (found) => found.length > 0)
  return begun
}

async function countOf(service: { url: string }): Promise<number> {
  const path = '/api/v1/media/latest?limit=1&count=exact'
  return (await getJson<{ pagination: { total: number } }>(service, path)).pagination.total
}

t.test('PostgreSQL killed in the middle of a body', async (t) => {
  const postgres = await startPostgres(t)
  const service = await startService(t, { DATABASE_URL: await createDatabase(postgres), ...PATIENT })
  const { sent, answer } = await beginAndWait(t, service, postgres)
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

t.test('PostgreSQL hung in the middle of a body', async (t) => {
  const postgres = await startPostgres(t)
  const DATABASE_URL = await createDatabase(postgres)
  const service = await startService(t, { DATABASE_URL, ...PATIENT, REQUEST_TIMEOUT_MS: '3000' })
  const { sent, answer } = await beginAndWait(t, service, postgres)
  postgres.pause()
  t.teardown(() => postgres.resume())
  const more = Buffer.from(articleLines(3000, 10_000))
  let answered = false as boolean
  answer.then(
    () => (answered = true),
    () => undefined,
  )
  // As fast as it is taken, which ends when what the system keeps for the socket is full.
  while (!answered) if (!sent.write(more)) await Promise.race([once(sent, 'drain'), answer])
  isProblem(t, await answer, 'database_unavailable')
  postgres.resume()
  await until('it is back', async () => (await send(service, '/api/v1/media/sources')).status === 200)
  t.equal(await countOf(service), 0)
})

t.test('PostgreSQL hung when all has arrived', async (t) => {
  const postgres = await startPostgres(t)
  const DATABASE_URL = await createDatabase(postgres)
  const service = await startService(t, { DATABASE_URL, ...PATIENT, INGEST_TIMEOUT_MS: '5000' })
  const { sent, answer } = await beginAndWait(t, service, postgres)
  postgres.pause()
  t.teardown(() => postgres.resume())
  sent.end()
  isProblem(t, await answer, 'database_unavailable')
  postgres.resume()
  await until('it is back', async () => (await send(service, '/api/v1/media/sources')).status === 200)
  t.equal(await countOf(service), 0)
})

t.test('no room for what PostgreSQL has to set aside', async (t) => {
  // Its own limit stands in for a full disk: an error of the same class (53), at a statement that has to sort more than it may put down.
  const postgres = await startPostgres(t, ['temp_file_limit=256kB', 'work_mem=64kB'])
  const service = await startService(t, { DATABASE_URL: await createDatabase(postgres), ...PATIENT })
  isProblem(t, await post(service, ARTICLES, NDJSON, articleLines(0, 20_000)), 'database_unavailable')
  t.match(
    service.log.map((line) => JSON.stringify(line)).join('\n'),
    /temp_file_limit/,
    'the log says what the answer does not',
  )
  t.equal(await countOf(service), 0)
  t.match(await ingest(service, ARTICLES, NDJSON, articleLines(0, 10)), { inserted: 10 })
})

t.test('a stop while a body comes in does not wait for its end, and nothing is kept', async (t) => {
  const postgres = await startPostgres(t)
  const DATABASE_URL = await createDatabase(postgres)
  const service = await startServiceProcess(t, { DATABASE_URL, ...PATIENT })
  await beginAndWait(t, service, postgres)
  const started = performance.now()
  t.equal(await service.end('SIGTERM'), 0, 'exit code')
  const took = performance.now() - started
  t.ok(took < STOP_LIMIT_MS, `${Math.round(took)} ms`)
  const progress = () => postgres.sql`select 1 from pg_stat_progress_copy`
  await until('the copy has ended', progress, (found) => found.length === 0)
  t.equal(await countOf(await startService(t, { DATABASE_URL })), 0)
})

t.test('a stop while an ingestion waits to write ends it', async (t) => {
  const postgres = await startPostgres(t)
  const DATABASE_URL = await createDatabase(postgres)
  const service = await startServiceProcess(t, { DATABASE_URL, ...PATIENT })
  const reader = await startService(t, { DATABASE_URL })
  const other = reader.database.connect()
  t.teardown(() => other.end({ timeout: 0 }))
  await other`select pg_advisory_lock(${0x6c6f6164})`
  const pending = post(service, ARTICLES, NDJSON, articleLines(0, 10)).then(
    (answer) => answer.status,
    () => 'cut off',
  )
  const waiting = () => postgres.sql`select 1 from pg_stat_activity where wait_event = 'advisory'`
  await until('it waits', waiting, (found) => found.length > 0)
  t.equal(await service.end('SIGTERM'), 0, 'exit code')
  t.equal(await pending, 'cut off')
  await other`select pg_advisory_unlock(${0x6c6f6164})`
  await other.end()
  await until('it has gone', waiting, (found) => found.length === 0)
  t.equal(await countOf(reader), 0)
})
