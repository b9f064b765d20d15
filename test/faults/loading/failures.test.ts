// Loads whose PostgreSQL hangs, or is killed on the way: in this process and by the command, with nothing left behind.
import { PassThrough } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { openPool } from '../../../src/db/client.ts'
import { inTransaction } from '../../../src/db/transaction.ts'
import { copyLine, copyLines } from '../../../src/loading/copy.ts'
import { LoadError } from '../../../src/loading/report.ts'
import { startPostgres } from '../../support/postgres.ts'
import { startCommand } from '../../support/commands.ts'
import { article, ndjson, startLoadingDatabase } from '../../support/loading.ts'

const database = await startLoadingDatabase(t, await startPostgres(t))
const { server, pool, articles } = database
t.beforeEach(() => server.sql`truncate instruments, media_sources, media_articles restart identity cascade`)

const LOAD_LOCK = 0x6c6f6164
const many = (from: number, count: number) =>
  ndjson(Array.from({ length: count }, (_, index) => article(from + index, { sentiment_score: 0.5 })))
const countArticles = async () =>
  (await server.sql<{ count: number }[]>`select count(*)::int as count from media_articles`)[0]?.count

/** Resolves when the condition, asked of PostgreSQL, holds. @throws Error when the load ends before it does. */
async function until(condition: () => Promise<readonly object[]>, loading: Promise<unknown>): Promise<void> {
  let ended = false as boolean
  const end = () => (ended = true)
  loading.then(end, end)
  while ((await condition()).length === 0) {
    if (ended) throw new Error('the load did not wait')
    await wait(10)
  }
}
/** Rows have arrived and more are waited for. */
const staged = () => server.sql`select 1 from pg_stat_progress_copy where tuples_processed > 0`
const sessionWaiting = () =>
  server.sql`select 1 from pg_stat_activity where application_name = 'barometer' and wait_event = 'advisory'`

t.test('PostgreSQL killed while the file is read: a plain error, nothing kept', async (t) => {
  const input = new PassThrough()
  const loading = articles(input)
  const rejected = t.rejects(loading, {
    name: LoadError.name,
    message: /PostgreSQL is unavailable: .*; nothing was loaded/,
  })
  input.write(many(0, 5000))
  await until(staged, loading)
  await server.kill()
  await rejected
  t.ok(input.destroyed, 'nobody goes on reading')
  await server.start()
  t.equal(await countArticles(), 0)
})

t.test('PostgreSQL killed while the load waits its turn to write: nothing kept', async (t) => {
  const fresh = openPool(server.url, { max: 1 })
  t.teardown(() => fresh.end({ timeout: 0 }))
  const loadMany = () => articles(many(0, 5000), { pool: fresh })
  const other = await server.sql.reserve()
  await other`select pg_advisory_lock(${LOAD_LOCK})`
  const loading = loadMany()
  const rejected = t.rejects(loading, { name: LoadError.name, message: /PostgreSQL is unavailable/ })
  await until(sessionWaiting, loading)
  await server.kill()
  await rejected
  await t.rejects(
    loadMany(),
    { name: LoadError.name, message: /PostgreSQL is unavailable/ },
    'nor is there one to begin with',
  )
  await server.start()
  t.equal(await countArticles(), 0)
})

t.test('the command, when PostgreSQL is killed: one plain line, exit code 1, nothing kept', async (t) => {
  const command = startCommand(t, ['load', 'articles', '-'], { DATABASE_URL: server.url })
  command.stdin.write(many(0, 5000))
  await until(staged, command.ended)
  await server.kill()
  t.match(await command.ended, {
    code: 1,
    stdout: '',
    stderr: /^error: PostgreSQL is unavailable: .*; nothing was loaded\n$/,
  })
  await server.start()
  t.equal(await countArticles(), 0)
})

t.test('lines are not read faster than the server takes them', async (t) => {
  await pool`create table copied (number bigint, content text, small integer)`
  let sent = 0
  let done = false as boolean
  async function* endless(): AsyncGenerator<string> {
    const content = 'x'.repeat(10_000)
    for (; !done; sent += 1) {
      // A turn of the loop now and then, as an input from outside has it.
      if (sent % 10 === 0) await wait(0)
      yield copyLine([sent, content, 1])
    }
  }
  const copying = inTransaction(pool, (session) => copyLines(session, 'copied', endless()))
  while (sent < 1000) await wait(1)
  server.pause()
  t.teardown(() => server.resume())
  let before = -1
  // What the system keeps for the socket is filled, and then nothing moves.
  while (before !== sent) {
    before = sent
    await wait(200)
  }
  t.ok(sent * 10_000 < 100_000_000, `${sent} lines`)
  done = true
  server.resume()
  await copying
  t.match(await pool`select count(*) from copied`, [{ count: sent }])
})
