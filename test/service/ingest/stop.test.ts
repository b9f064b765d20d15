// An ingestion that does not come to its end, by a stop of the service or for want of room: nothing is kept, and no stop waits for it.
import t from 'tap'
import type { Sql } from 'postgres'
import { openPool } from '../../../src/db/client.ts'
import { createDatabase } from '../../support/databases.ts'
import { getJson, isProblem } from '../../support/http.ts'
import { articleLines, ARTICLES, begin, ingest, NDJSON, PATIENT, post } from '../../support/ingestion.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startServiceProcess } from '../../support/processes.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const STOP_LIMIT_MS = 10_000
const LOAD_LOCK = 0x6c6f6164
const postgres = await sharedPostgres(t)

async function countOf(sql: Sql): Promise<number> {
  return (await sql`select count(*) from media_articles`)[0]?.['count'] as number
}

t.test('no room for what PostgreSQL has to set aside', async (t) => {
  const DATABASE_URL = await createDatabase(postgres)
  // Its own limit stands in for a full disk: an error of the same class (53), at a statement that has to sort more than it may put down.
  const name = new URL(DATABASE_URL).pathname.slice(1)
  await postgres.sql.unsafe(`alter database ${name} set temp_file_limit = '256kB'`)
  await postgres.sql.unsafe(`alter database ${name} set work_mem = '64kB'`)
  const service = await startService(t, { DATABASE_URL, ...PATIENT })
  isProblem(t, await post(service, ARTICLES, NDJSON, articleLines(0, 20_000)), 'database_unavailable')
  t.match(
    service.log.map((line) => JSON.stringify(line)).join('\n'),
    /temp_file_limit/,
    'the log says what the answer does not',
  )
  const path = '/api/v1/media/latest?limit=1&count=exact'
  t.match(await getJson(service, path), { pagination: { total: 0 } })
  t.match(await ingest(service, ARTICLES, NDJSON, articleLines(0, 10)), { inserted: 10 })
})

t.test('a stop while a body comes in does not wait for its end, and nothing is kept', async (t) => {
  const DATABASE_URL = await createDatabase(postgres)
  const sql = openPool(DATABASE_URL, { max: 1 })
  t.teardown(() => sql.end({ timeout: 0 }))
  const service = await startServiceProcess(t, { DATABASE_URL, ...PATIENT })
  begin(t, service).sent.write(articleLines(0, 3000))
  const copies = () =>
    sql`select tuples_processed from pg_stat_progress_copy where datname = current_database()`
  await until('rows have arrived', copies, ([copy]) => Number(copy?.['tuples_processed']) > 0)
  const started = performance.now()
  t.equal(await service.end('SIGTERM'), 0, 'exit code')
  const took = performance.now() - started
  t.ok(took < STOP_LIMIT_MS, `${Math.round(took)} ms`)
  await until('the copy has ended', copies, (found) => found.length === 0)
  t.equal(await countOf(sql), 0)
})

t.test('a stop while an ingestion waits to write ends it', async (t) => {
  const DATABASE_URL = await createDatabase(postgres)
  const other = openPool(DATABASE_URL, { max: 1 })
  const watcher = openPool(DATABASE_URL, { max: 1 })
  t.teardown(() => Promise.all([other, watcher].map((pool) => pool.end({ timeout: 0 }))))
  const service = await startServiceProcess(t, { DATABASE_URL, ...PATIENT })
  await other`select pg_advisory_lock(${LOAD_LOCK})`
  const pending = post(service, ARTICLES, NDJSON, articleLines(0, 10)).then(
    (answer) => answer.status,
    () => 'cut off',
  )
  const waiting = () => watcher`
    select 1 from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`
  await until('it waits', waiting, (found) => found.length > 0)
  t.equal(await service.end('SIGTERM'), 0, 'exit code')
  t.equal(await pending, 'cut off')
  await other`select pg_advisory_unlock(${LOAD_LOCK})`
  await until('it has gone', waiting, (found) => found.length === 0)
  t.equal(await countOf(watcher), 0)
})
