// Two instances, one worker; killed in the middle of a backlog, the other one goes on, and so does a start.
import t from 'tap'
import { article, startLoadingDatabase } from '../../support/loading.ts'
import { startPostgres } from '../../support/postgres.ts'
import { startServiceProcess } from '../../support/processes.ts'
import { until } from '../../support/until.ts'

/** The promise, for an article that arrives. */
const LIMIT_MS = 5000
/** What a machine that does other things as well takes for the rest. */
const PATIENCE_MS = 60_000

const postgres = await startPostgres(t)
const database = await startLoadingDatabase(t, postgres)
const { pool, articles } = database
const environment = { DATABASE_URL: postgres.url, ANALYSE_ARTICLES: 'lexicon' }

/** Each change of a score of an analyser is noted, so that one that comes twice is seen. */
await pool`create table analysed (id bigint not null, at timestamptz not null default clock_timestamp())`
await pool.unsafe(`
  create function note_analysed() returns trigger language plpgsql as $$
  begin insert into analysed (id) values (new.id); return null; end $$;
  create trigger note_analysed after update of sentiment_by on media_articles for each row
    when (new.sentiment_by is not null) execute function note_analysed()`)

const count = async () =>
  (
    await pool<{ left: number; noted: number; twice: number }[]>`
      select (select count(*)::int from media_articles where sentiment_score is null) as left,
        (select count(*)::int from analysed) as noted,
        (select count(*)::int from (select id from analysed group by id having count(*) > 1) as d) as twice`
  )[0]!
const load = (from: number, many: number) =>
  articles(
    Array.from({ length: many }, (_, index) => article(from + index, { title: 'Shares plunge' })),
    {
      leavesScores: true,
    },
  )

t.beforeEach(async () => {
  await database.empty()
  await pool`truncate analysed`
})

t.test(
  'killed in the middle: the other instance goes on at once, and each article is analysed once',
  async (t) => {
    await load(0, 5000)
    const [one, other] = await Promise.all([1, 2].map(() => startServiceProcess(t, environment)))
    const { left } = await until('the first batch', count, ({ noted }) => noted > 0, PATIENCE_MS)
    t.ok(left > 0, 'and not all of it')
    await one!.end('SIGKILL')
    await load(10_000, 1)
    const arrived = performance.now()
    await until(
      'the article that arrived',
      () =>
        pool`select 1 from media_articles where sentiment_score is not null and url = 'https://harbor-wire.example/10000'`,
      (found) => found.length === 1,
      LIMIT_MS + PATIENCE_MS,
    )
    t.comment(`after the kill an article had its score within ${Math.round(performance.now() - arrived)} ms`)
    t.match(await until('all', count, (now) => now.left === 0, PATIENCE_MS), { noted: 5001, twice: 0 })
    await other!.end()
  },
)

/** A service that has written a batch of 100 and waits before its commit, until `release`. */
async function serviceInBatch() {
  await load(0, 100)
  const blocker = await pool.reserve()
  await blocker`begin`
  await blocker`lock table analysed in exclusive mode`
  const service = await startServiceProcess(t, environment)
  await until(
    'the batch to wait',
    () => pool`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'set sentiment_by'`,
    (found) => found.length > 0,
    PATIENCE_MS,
  )
  const release = async (): Promise<void> => {
    await blocker`rollback`
    blocker.release()
  }
  return { service, release }
}

t.test('killed in a batch: nothing of it is left behind, and the next start does it', async (t) => {
  const { service, release } = await serviceInBatch()
  await service.end('SIGKILL')
  await startServiceProcess(t, environment)
  await release()
  t.match(await until('all', count, (now) => now.left === 0, PATIENCE_MS), { noted: 100, twice: 0 })
})

t.test('a process that is stopped in a batch is not waited for', async (t) => {
  const { service, release } = await serviceInBatch()
  process.kill(service.pid, 'SIGSTOP')
  t.teardown(() => process.kill(service.pid, 'SIGCONT'))
  await release()
  await startServiceProcess(t, environment)
  t.match(await until('all', count, (now) => now.left === 0, PATIENCE_MS), { noted: 100, twice: 0 })
})
