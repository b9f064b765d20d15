// Reads that are blocked, cut off, ended by the server or not let in: each ends within its limit, and works again once that is over.
import { sql, type SQL } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { openDatabase, type Database } from '../../../src/db/client.ts'
import { DatabaseUnavailable } from '../../../src/db/errors.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRelay } from './relay.ts'
import { until } from '../../support/until.ts'

const server = await sharedPostgres(t)
await server.sql`create table guarded (value int)`

/** Long enough for a healthy answer on a busy machine. */
const PATIENT_MS = 20_000
const SHORT_MS = 400
const ONE = sql`select 1 as value`

const rejections: unknown[] = []
process.on('unhandledRejection', (reason) => rejections.push(reason))

function open(t: Test, options: { poolMax?: number; limitMs?: number; url?: string } = {}): Database {
  const { poolMax = 4, limitMs = SHORT_MS, url = server.url } = options
  const database = openDatabase({ url, poolMax, statementTimeoutMs: limitMs })
  t.teardown(() => database.close())
  return database
}

/** Keeps `select from guarded` waiting until it is released. */
async function block(t: Test): Promise<() => Promise<void>> {
  const session = await server.sql.reserve()
  await session`begin`
  await session`lock table guarded in access exclusive mode`
  let released = false
  const release = async (): Promise<void> => {
    if (released) return
    released = true
    await session`rollback`
    session.release()
  }
  t.teardown(release)
  return release
}

const BLOCKED = sql`select value from guarded`

async function statementsRunning(): Promise<string[]> {
  const rows = await server.sql<{ query: string }[]>`
    select query from pg_stat_activity where state = 'active' and application_name = 'barometer' and datname = current_database()`
  return rows.map((row) => row.query)
}

function many(database: Database, count: number, statement: SQL = ONE) {
  return Promise.allSettled(Array.from({ length: count }, () => database.rows(statement)))
}

function failures(results: PromiseSettledResult<unknown>[]): unknown[] {
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
}

function okUnavailable(t: Test, results: PromiseSettledResult<unknown>[], message: RegExp): void {
  const reasons = failures(results)
  t.equal(reasons.length, results.length, 'each of them fails')
  for (const reason of reasons) t.match(reason, { name: 'DatabaseUnavailable', message })
}

t.test('a statement over the limit is ended on the server, too', async (t) => {
  const database = open(t)
  // So that it has its connection: making one counts for the limit here, and not for the server's.
  await many(database, 1)
  const release = await block(t)
  okUnavailable(t, await many(database, 1, BLOCKED), /statement timeout|no answer within 400 ms/)
  // The table is still locked: nothing but the server's own limit ends it.
  await until('none to run', statementsRunning, (running) => running.length === 0)
  await release()
  t.same(await database.rows(BLOCKED), [])
})

t.test('with every connection taken the next statement fails within its limit', async (t) => {
  const database = open(t, { poolMax: 1 })
  // With its connection there, the server's limit begins when ours does.
  await untilAnswered(database)
  const release = await block(t)
  // The second one comes to run when the server ends the first, and is given up soon; its own limit on the server is yet to come. Where this
  // process is held up just then, it does not come to run, and they are asked once more.
  const ran = /statement timeout|no answer within 400 ms/
  const ask = () => Promise.all([many(database, 2, BLOCKED), many(database, 3)])
  let [blocked, next] = await ask()
  for (let again = 0; again < 2 && !failures(blocked).every((reason) => ran.test(String(reason))); again++)
    [blocked, next] = await ask()
  okUnavailable(t, blocked, ran)
  okUnavailable(t, next, /no connection free within 400 ms/)
  await release()
  await untilAnswered(database)
  t.same(failures(await many(database, 20)), [])
})

t.test('a blocked statement holds up none that has another connection', async (t) => {
  const database = open(t, { poolMax: 4, limitMs: PATIENT_MS })
  await many(database, 10)
  const release = await block(t)
  const blocked = many(database, 1, BLOCKED)
  t.same(failures(await many(database, 60)), [], 'while that one waits')
  await release()
  t.same(failures(await blocked), [])
})

t.test('blocked statements leave transactions a connection', async (t) => {
  const database = open(t, { poolMax: 2, limitMs: PATIENT_MS })
  const release = await block(t)
  const blocked = many(database, 5, BLOCKED)
  t.same(await database.pool.begin((session) => session`select 1 as value`), [{ value: 1 }])
  await release()
  t.same(failures(await blocked), [])
})

t.test('no more connections than allowed are opened', async (t) => {
  const database = open(t, { poolMax: 5, limitMs: PATIENT_MS })
  const transaction = () => database.pool.begin((session) => session`select pg_sleep(0.05)`)
  await Promise.all([
    many(database, 40, sql`select pg_sleep(0.02)`),
    ...Array.from({ length: 8 }, transaction),
  ])
  // Those of the test before may be about to end; any over the limit would stay.
  await until('five sessions, and no more', async () => {
    const [sessions] = await server.sql<{ count: number }[]>`
      select count(*)::int from pg_stat_activity where application_name = 'barometer' and datname = current_database()`
    return sessions?.count === 5
  })
  await database.close()
})

t.test('connections that fall silent for ever are replaced', async (t) => {
  const relay = await startRelay(t, server.port)
  const url = new URL(server.url)
  url.port = String(relay.port)
  const database = open(t, { url: url.href })
  await untilAnswered(database, 10)
  relay.blackHole()
  okUnavailable(t, await many(database, 10), /no (answer|connection free) within 400 ms/)
  // As many connections as there are have to be made anew, each within the limit of a statement.
  await untilAnswered(database, 10)
  t.same(failures(await many(database, 10)), [])
})

t.test('sessions that the server ends: their statements are repeated', async (t) => {
  const database = open(t, { limitMs: PATIENT_MS })
  await many(database, 10)
  const release = await block(t)
  const running = many(database, 3, BLOCKED)
  const sessions = async (): Promise<number[]> => {
    const rows = await server.sql<{ pid: number }[]>`
      select pid from pg_stat_activity where state = 'active' and application_name = 'barometer' and datname = current_database()`
    return rows.map(({ pid }) => pid)
  }
  const ended = await until('all to run', sessions, (found) => found.length === 3)
  await server.sql`
    select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'barometer' and datname = current_database()`
  const isAnew = (found: number[]): boolean => found.length === 3 && !found.some((pid) => ended.includes(pid))
  await until('all to run anew', sessions, isAnew)
  await release()
  t.same(failures(await running), [])
})

t.test('a statement that is wrong is not a database that is away', async (t) => {
  const database = open(t, { limitMs: PATIENT_MS })
  for (const [statement, code] of [
    [sql`select * from nowhere`, '42P01'],
    [sql`selec 1`, '42601'],
    [sql`select ${'abc'}::int`, '22P02'],
    [sql`select 1 / ${0}::int`, '22012'],
  ] as const) {
    const [reason] = failures(await many(database, 1, statement))
    t.match(reason, { code })
    t.notOk(reason instanceof DatabaseUnavailable)
  }
  t.same(failures(await many(database, 10)), [], 'and leaves its connection in order')
})

t.test('whoever is not let in finds the database away', async (t) => {
  const reach = async (change: (url: URL) => void): Promise<unknown> => {
    const url = new URL(server.url)
    change(url)
    const [reason] = failures(await many(open(t, { url: url.href, limitMs: PATIENT_MS }), 1))
    t.ok(reason instanceof DatabaseUnavailable, String(reason))
    return (reason as Error).cause
  }
  await server.sql`create role crowded login password 'secret' connection limit 0`
  t.teardown(() => server.sql`drop role crowded`)
  t.match(await reach((url) => (url.password = 'wrong')), { code: '28P01' })
  t.match(await reach((url) => (url.pathname = '/nowhere')), { code: '3D000' })
  t.match(
    await reach((url) => {
      url.username = 'crowded'
      url.password = 'secret'
    }),
    { code: '53300' },
  )
  // Nobody listens there.
  t.match(await reach((url) => (url.port = '1')), { code: 'ECONNREFUSED' })
})

/** Each attempt ends within its limit, so this is no busy loop; the test's own limit ends it. */
async function untilAnswered(database: Database, count = 1): Promise<void> {
  while (failures(await many(database, count)).length > 0);
}
