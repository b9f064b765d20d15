// A person is forgotten: with a call under way and Redis hung, nothing of theirs is answered, kept or legible anywhere.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { analysersFile, sendJson, startAnalyser } from '../../support/analyser.ts'
import { isProblem, send } from '../../support/http.ts'
import { startPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { startService, type TestService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { migrateDatabase } from '../../../src/db/migrate.ts'

const SUBJECT = 'Jane Roe of Springfield'
const TEXT = 'her very private letter'
const SECRET = 'what was found about her'

const postgres = await startPostgres(t)
const redis = await startRedis(t)
await migrateDatabase(postgres.url)
const analyser = await startAnalyser(t)
const result = (response: Parameters<typeof sendJson>[0]) =>
  sendJson(response, { verdict: { found: SECRET } })
analyser.answer = (_call, response) => result(response)
const environment = {
  DATABASE_URL: postgres.url,
  REDIS_URL: redis.url,
  ANALYSERS: await analysersFile(t, analyser.url),
  ANALYSIS_KEY: '5e'.repeat(32),
  LOG_LEVEL: 'trace',
}
const first = await startService(t, environment)
const second = await startService(t, environment)

const analyse = (service: TestService, text = TEXT, subject: string | null = SUBJECT) =>
  send(service, '/api/v1/analyses', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(subject === null ? {} : { 'x-subject': subject }) },
    body: JSON.stringify({ text }),
  })
const forget = (service: TestService) =>
  send(service, `/api/v1/subjects/${encodeURIComponent(SUBJECT)}`, { method: 'DELETE' })

t.test('a result is that of its subject alone', async (t) => {
  const mine = await analyse(first)
  t.match(JSON.parse(mine.body), { result: { found: SECRET } })
  t.equal(mine.headers['cache-control'], 'private, no-store')
  const again = await analyse(second)
  t.strictSame([again.headers['x-cache'], again.body], ['HIT', mine.body])
  const { hash } = JSON.parse(mine.body) as { hash: string }
  const get = (subject: string | null, service = second) =>
    send(service, `/api/v1/analyses/${hash}`, { headers: subject === null ? {} : { 'x-subject': subject } })
  t.equal((await get(SUBJECT)).body, mine.body)
  isProblem(t, await get(null), 'analysis_unknown')
  isProblem(t, await get('Jane Doe'), 'analysis_unknown')
  const calls = analyser.calls.length
  analyser.answer = (_call, response) => sendJson(response, { verdict: 'nothing of hers' })
  await analyse(first, TEXT, 'Jane Doe')
  await analyse(first, TEXT, null)
  analyser.answer = (_call, response) => result(response)
  await analyse(first, TEXT, null)
  t.equal(analyser.calls.length, calls + 2, 'each pays for their own')
  // By its URL alone this is a hit now, for whoever is nobody.
  t.equal((await get(null)).status, 200)
  isProblem(t, await get('John'), 'analysis_unknown')
  await send(first, `/api/v1/analyses/${hash}`, { method: 'DELETE' })
})

t.test('48 hours cannot be exceeded, by SQL either', async (t) => {
  await analyse(first)
  const { pool } = first.database
  await t.rejects(pool`update analyses set expires_at = expires_at + interval '48 hours'`, { code: '23514' })
  await t.rejects(
    pool`update analyses set analysed_at = analysed_at + interval '1 hour', expires_at = expires_at + interval '1 hour'`,
    { code: '23514' },
  )
})

t.test('forgotten, with a call under way and Redis hung', async (t) => {
  await analyse(first)
  let finish = (): void => undefined
  analyser.answer = (_call, response) => {
    finish = () => result(response)
  }
  const calls = analyser.calls.length
  const late = analyse(second, `${TEXT}, another page`)
  await until('the call has begun', () => analyser.calls.length > calls)
  redis.pause()
  const { status, body } = await forget(first)
  t.equal(status, 200)
  const receipt = JSON.parse(body) as { subject_hash: string; deleted: number }
  t.match(receipt, { deleted: 1, receipt: { scope: 'fleet', pending: false, instances: { confirmed: 2 } } })
  finish()
  isProblem(t, await late, 'analysis_discarded')
  redis.resume()
  analyser.answer = (_call, response) => result(response)
  for (const service of [first, second])
    for (const text of [TEXT, `${TEXT}, another page`]) {
      const hash = createHash('sha256').update(text).digest('hex')
      const found = await send(service, `/api/v1/analyses/${hash}`, { headers: { 'x-subject': SUBJECT } })
      isProblem(t, found, 'analysis_unknown')
    }
  const [kept] = await postgres.sql`
    select (select count(*)::int from analyses where subject_hash = ${receipt.subject_hash}) as results,
      (select count(*)::int from analysis_claims where subject_hash = ${receipt.subject_hash}) as claims`
  t.strictSame({ ...kept }, { results: 0, claims: 0 })

  await redis.client.save()
  const places: [string, string][] = [
    ['the log', JSON.stringify([first.log, second.log])],
    ['Redis', await readFile(path.join(redis.dir, 'dump.rdb'), 'latin1')],
    ...(await rowsOf()),
    ...(await filesOf()),
  ]
  for (const [name, content] of places)
    for (const secret of [SUBJECT, encodeURIComponent(SUBJECT), TEXT, SECRET])
      t.notOk(content.includes(secret), `${secret} is not in ${name}`)
  const [clear] = await postgres.sql<
    { selector: string }[]
  >`select selector from cache_clears order by seq desc limit 1`
  t.ok(clear?.selector.includes(receipt.subject_hash), 'the record names the person by hash alone')
})

/** As a dump has them. */
async function rowsOf(): Promise<[string, string][]> {
  const tables = await postgres.sql<{ name: string }[]>`
    select tablename as name from pg_tables where schemaname = 'public'`
  return Promise.all(
    tables.map(async ({ name }): Promise<[string, string]> => {
      const rows = await postgres.sql.unsafe(`select t::text as row from "${name}" as t`)
      return [`the table ${name}`, JSON.stringify(rows)]
    }),
  )
}

/** What PostgreSQL wrote at any time, dead rows and the write-ahead log included. */
async function filesOf(): Promise<[string, string][]> {
  const [row] = await postgres.sql<
    { directory: string }[]
  >`select current_setting('data_directory') as directory`
  const directory = row?.directory ?? ''
  await postgres.sql`checkpoint`
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && /base|pg_wal/.test(entry.parentPath))
  return Promise.all(
    files.map(async ({ parentPath, name }): Promise<[string, string]> => {
      const content = await readFile(path.join(parentPath, name), 'latin1').catch(() => '')
      return [`a file of PostgreSQL (${name})`, content]
    }),
  )
}
