// Bodies that are too large, too slow, too many or cut off: each ends with a problem, and nothing of it is kept.
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { until } from '../../support/until.ts'
import { isProblem, send } from '../../support/http.ts'
import { article, ndjson } from '../../support/loading.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import {
  articleLines,
  ARTICLES,
  BARS,
  begin,
  GZIP,
  ingest,
  JSON_ARRAY,
  NDJSON,
  PATIENT,
  post,
} from '../../support/ingestion.ts'

const MIB = 1024 * 1024
/** A body must make progress within this, and may take longer. */
const REQUEST_MS = 2000
const postgres = await sharedPostgres(t)
const DATABASE_URL = await createDatabase(postgres)
/** Made before there is a service: packing takes a second, in which none here gets on. */
const bomb = gzipSync(Buffer.alloc(200 * MIB, ' '))
const service = await startService(t, {
  DATABASE_URL,
  ...PATIENT,
  INGEST_MAX_MB: '2',
  REQUEST_TIMEOUT_MS: String(REQUEST_MS),
})
const { pool } = service.database
t.beforeEach(() => pool`truncate media_sources, media_articles cascade`)
const count = async () => (await pool`select count(*) from media_articles`)[0]?.['count'] as number

/** Rows of this many bytes, all of them too long to be a title. */
const filler = (bytes: number) => Buffer.from(`${'x'.repeat(99)}\n`.repeat(bytes / 100))
/** COPY statements that run, and have taken so many rows. */
const copies = async (rows = 0) =>
  (
    await pool`select 1 from pg_stat_progress_copy
      where tuples_processed >= ${rows} and datname = current_database()`
  ).length
const many = (from: number) => articleLines(from, 3000)

t.test('too large by its own account, by what comes, and once it is unpacked', async (t) => {
  const announced = begin(t, service, ARTICLES, { ...NDJSON, 'content-length': String(2 * MIB + 1) })
  announced.sent.flushHeaders()
  isProblem(t, await announced.answer, 'body_too_large')
  const chunks = Array.from({ length: 40 }, () => filler(100_000))
  isProblem(t, await post(service, ARTICLES, NDJSON, chunks), 'body_too_large')
  t.ok(bomb.length < MIB)
  isProblem(t, await post(service, ARTICLES, { ...NDJSON, ...GZIP }, bomb), 'body_too_large')
  isProblem(t, await post(service, ARTICLES, { ...JSON_ARRAY, ...GZIP }, bomb), 'body_too_large')
  t.match(await ingest(service, ARTICLES, NDJSON, filler(1_900_000)), { rejected: 19_000 }, 'under the limit')
})

t.test('what came before the limit was passed is not kept', async (t) => {
  const chunks = [Buffer.from(many(0)), ...Array.from({ length: 30 }, () => filler(100_000))]
  isProblem(t, await post(service, ARTICLES, NDJSON, chunks), 'body_too_large')
  t.equal(await count(), 0)
})

t.test('a body may take longer than other requests, as long as it gets on', async (t) => {
  const { sent, answer } = begin(t, service)
  const started = performance.now()
  sent.write(ndjson([article(1)]))
  while (performance.now() - started < 4 * REQUEST_MS) {
    sent.write(filler(70_000))
    await new Promise((resolve) => setTimeout(resolve, REQUEST_MS / 4))
  }
  sent.end()
  const { status, body } = await answer
  t.equal(status, 200, body)
  t.match(JSON.parse(body), { inserted: 1 })
})

t.test('a body that trickles in, or stops, ends with its connection', async (t) => {
  for (const trickle of ['x', '']) {
    const { sent, answer } = begin(t, service)
    const started = performance.now()
    sent.write(many(0))
    const timer = setInterval(() => sent.write(trickle), 50)
    t.teardown(() => clearInterval(timer))
    isProblem(t, await answer, 'request_timeout')
    const took = performance.now() - started
    t.ok(took >= REQUEST_MS && took < REQUEST_MS + 2000, `${Math.round(took)} ms`)
    t.equal(await count(), 0)
    clearInterval(timer)
  }
  t.equal((await send(service, '/api/v1/media/sources')).status, 200)
})

t.test('a body that is cut off leaves nothing', async (t) => {
  const { sent } = begin(t, service)
  sent.write(many(0))
  await until('rows have arrived', () => copies(1))
  sent.destroy()
  await until(
    'the copy has ended',
    () => copies(),
    (running) => running === 0,
  )
  t.equal(await count(), 0)
  t.match(await ingest(service, ARTICLES, NDJSON, many(0)), { inserted: 3000 })
})

t.test('two at a time; a third one is told to come again', async (t) => {
  // Bodies that rest for as long as they have to.
  const service = await startService(t, { DATABASE_URL, ...PATIENT })
  const bodies = [begin(t, service), begin(t, service, BARS)]
  bodies[0]?.sent.write(many(0))
  bodies[1]?.sent.write(many(0))
  await until(
    'both run',
    () => copies(),
    (running) => running === 2,
  )
  const third = await post(service, ARTICLES, NDJSON, ndjson([article(1)]))
  isProblem(t, third, 'ingestion_busy')
  t.match(third.headers['retry-after'], /^\d+$/)
  await until('a clear, which waits for none of them', async () => {
    return (await send(service, '/cache/clear', { method: 'DELETE' })).status === 200
  })
  t.equal((await send(service, '/api/v1/media/latest')).status, 200)
  t.equal(await copies(), 2)
  for (const { sent } of bodies) sent.end()
  t.match(JSON.parse((await bodies[0]!.answer).body), { inserted: 3000 })
  t.equal((await bodies[1]!.answer).status, 200)
  t.match(await ingest(service, ARTICLES, NDJSON, ndjson([article(1)])), { updated: 1 })
})

t.test(
  'an ingestion that waits for too long on others ends at its limit, and says whose fault it is',
  async (t) => {
    const limited = await startService(t, { DATABASE_URL, ...PATIENT, INGEST_TIMEOUT_MS: '3000' })
    const other = service.database.connect()
    t.teardown(() => other.end({ timeout: 0 }))
    await other`select pg_advisory_lock(${0x6c6f6164})`
    isProblem(t, await post(limited, ARTICLES, NDJSON, ndjson([article(1)])), 'database_unavailable')
    await other`select pg_advisory_unlock(${0x6c6f6164})`
    await other.end()
    t.equal(await count(), 0)
    t.match(await ingest(limited, ARTICLES, NDJSON, ndjson([article(1)])), { inserted: 1 })
  },
)
