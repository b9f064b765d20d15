// What is left behind when a load does not come to its end, or is not alone.
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { openPool } from '../../../src/db/client.ts'
import { load } from '../../../src/loading/load.ts'
import { LoadError } from '../../../src/loading/report.ts'
import { inLoadTransaction, takeTurn } from '../../../src/loading/transaction.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { article, fileStream, ndjson, SAMPLE_BARS, startLoadingDatabase } from '../../support/loading.ts'

const database = await startLoadingDatabase(t, await sharedPostgres(t))
const { pool, server, bars, articles } = database
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
const staged = () => server.sql`select 1 from pg_stat_progress_copy
    where tuples_processed > 0 and datname = current_database()`

t.test('an input that breaks off leaves nothing, whatever came before', async (t) => {
  const input = new PassThrough()
  const loading = articles(input)
  input.write(many(0, 5000))
  await until(staged, loading)
  input.destroy(new Error('connection reset by peer'))
  await t.rejects(loading, {
    name: LoadError.name,
    message: /could not be read to its end: connection reset by peer/,
  })
  t.equal(await countArticles(), 0)
  t.match(await articles(many(0, 10)), { inserted: 10 }, 'the pool goes on')
})

t.test('an input that is broken before the load begins is an error of the load', async (t) => {
  const input = fileStream('/nowhere/at/all.ndjson')
  await t.rejects(articles(input), { name: LoadError.name, message: /ENOENT/ })
  const destroyed = Readable.from([Buffer.from('x')])
  destroyed.destroy(new Error('gone'))
  await t.rejects(articles(destroyed), { name: LoadError.name, message: /gone/ })
})

t.test('a refused header leaves nothing, not even the instrument', async (t) => {
  await t.rejects(bars('date,open\n2020-01-01,5\n', { symbol: 'NEW' }), { name: LoadError.name })
  t.strictSame([...(await pool`select symbol from instruments`)], [])
})

t.test('two loads of the same file at once both succeed, and it is there once', async (t) => {
  const [first, second] = await Promise.all([bars(fileStream(SAMPLE_BARS)), bars(fileStream(SAMPLE_BARS))])
  t.equal(first.inserted + second.inserted, 5105)
  t.equal(first.unchanged + second.unchanged, 5105)
  t.equal((first.scoresChanged ?? 0) + (second.scoresChanged ?? 0), 4834)
  const pieces = await Promise.all([
    articles(many(0, 3000)),
    articles(many(1000, 3000)),
    articles(many(0, 3000)),
  ])
  t.equal(
    pieces.reduce((sum, each) => sum + each.inserted, 0),
    4000,
  )
  t.equal(await countArticles(), 4000)
})

t.test(
  'a load that waits for another one is held up by no statement limit, and finds what that one wrote',
  async (t) => {
    const STATEMENT_LIMIT_MS = 500
    const limited = openPool(server.url, { max: 1, statementTimeoutMs: STATEMENT_LIMIT_MS })
    t.teardown(() => limited.end({ timeout: 0 }))
    let loading: Promise<unknown> = Promise.resolve()
    await server.sql.begin(async (other) => {
      await other`select pg_advisory_xact_lock(${LOAD_LOCK})`
      loading = load({ pool: limited, kind: 'articles', input: Readable.from([Buffer.from(many(0, 10))]) })
      await until(
        () => server.sql`select 1 from pg_stat_activity where datname = current_database() and wait_event = 'advisory'
        and now() - query_start > ${`${3 * STATEMENT_LIMIT_MS} ms`}::interval`,
        loading,
      )
      await other`insert into media_sources (code, name) values ('harbor-wire', 'The Harbor Wire')`
    })
    t.match(await loading, { inserted: 10 })
    t.equal(
      (await limited`show statement_timeout`)[0]?.['statement_timeout'],
      `${STATEMENT_LIMIT_MS}ms`,
      'of the load only',
    )
  },
)

t.test('a wait for another load that takes too long is an error that says so', async (t) => {
  await server.sql.begin(async (other) => {
    await other`select pg_advisory_xact_lock(${LOAD_LOCK})`
    const waiting = inLoadTransaction(pool, async (session) => {
      await session`set local lock_timeout = '50ms'`
      await takeTurn(session)
    })
    await t.rejects(waiting, { name: LoadError.name, message: /another load.*nothing was loaded, try again/ })
  })
})

t.test('bars appear together, then their scores together', async (t) => {
  const counts = () =>
    server.sql`select (select count(*)::int from daily_bars) as bars, (select count(*)::int from score_snapshots) as scores`
  const loading = bars(fileStream(SAMPLE_BARS))
  const seen = new Set<string>()
  let ended = false as boolean
  const watching = (async () => {
    while (!ended) for (const row of await counts()) seen.add(`${row['bars']} bars, ${row['scores']} scores`)
  })()
  await loading
  ended = true
  await watching
  for (const row of await counts()) seen.add(`${row['bars']} bars, ${row['scores']} scores`)
  seen.delete('5105 bars, 0 scores')
  t.strictSame([...seen], ['0 bars, 0 scores', '5105 bars, 4834 scores'])
})

t.test('a database without tables is said to be one', async (t) => {
  const bare = await sharedPostgres(t)
  const barePool = openPool(bare.url, { max: 1 })
  t.teardown(() => barePool.end({ timeout: 0 }))
  await t.rejects(
    load({ pool: barePool, kind: 'articles', input: Readable.from([Buffer.from(many(0, 1))]) }),
    {
      name: LoadError.name,
      message: /not migrated: relation "media_sources" does not exist/,
    },
  )
})
