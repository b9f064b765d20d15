// Reads from a PostgreSQL that is hung, killed or restarted: each ends within its limit, and works again once that is over. A transaction ends with it.
import { setImmediate, setTimeout as wait } from 'node:timers/promises'
import { sql, type SQL } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { openDatabase, openPool, type Database } from '../../../src/db/client.ts'
import { inTransaction } from '../../../src/db/transaction.ts'
import { startPostgres } from '../../support/postgres.ts'

const server = await startPostgres(t)
await server.sql`create table notes (text text not null)`

/** Long enough for a healthy answer on a busy machine. */
const PATIENT_MS = 20_000
const SHORT_MS = 400
const ONE = sql`select 1 as value`

const LOSS = { code: /^(CONNECTION_CLOSED|ECONNRESET|57P01)$/ }
const notes = async () =>
  (await server.sql`select text from notes order by text`).map((row) => String(row['text']))

const rejections: unknown[] = []
process.on('unhandledRejection', (reason) => rejections.push(reason))

function open(t: Test, options: { poolMax?: number; limitMs?: number; url?: string } = {}): Database {
  const { poolMax = 4, limitMs = SHORT_MS, url = server.url } = options
  const database = openDatabase({ url, poolMax, statementTimeoutMs: limitMs })
  t.teardown(() => database.close())
  return database
}

async function statementsRunning(): Promise<string[]> {
  const rows = await server.sql<{ query: string }[]>`
    select query from pg_stat_activity where state = 'active' and application_name = 'barometer'`
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

t.test('a server that hangs while it is connected to', async (t) => {
  // One connection: a single one that is lost would be all.
  const database = open(t, { poolMax: 1 })
  server.pause()
  okUnavailable(t, await many(database, 2), /no (answer|connection free) within 400 ms/)
  server.resume()
  await untilAnswered(database)
  t.same(failures(await many(database, 10)), [])
})

t.test('a server that hangs under its connections, and goes on', async (t) => {
  const database = open(t)
  await untilAnswered(database, 10)
  server.pause()
  okUnavailable(t, await many(database, 10), /no (answer|connection free) within 400 ms/)
  okUnavailable(t, await many(database, 2), /no (answer|connection free) within 400 ms/)
  server.resume()
  await untilAnswered(database)
  t.same(failures(await many(database, 10)), [])
})

t.test('a server that was restarted is asked again without a failure', async (t) => {
  const database = open(t, { limitMs: PATIENT_MS })
  await many(database, 10)
  await server.restart()
  t.same(failures(await many(database, 10)), [])
})

t.test('a server that is killed under its statements, stays away, and comes back', async (t) => {
  const database = open(t, { limitMs: 5000 })
  await many(database, 10)
  const running = many(database, 3, sql`select pg_sleep(60)`)
  while ((await statementsRunning()).length < 3);
  await server.kill()
  okUnavailable(t, await running, /CONNECTION_CLOSED|ECONNREFUSED|ECONNRESET/)
  // So often that a pause which grows with each attempt would be over the limit by now.
  for (let round = 0; round < 3; round += 1) {
    okUnavailable(t, await many(database, 3), /ECONNREFUSED/)
  }
  await server.start()
  t.same(failures(await many(database, 10)), [])
})

t.test('a close ends at once what waits, and is bounded where the server hangs', async (t) => {
  const database = open(t, { limitMs: PATIENT_MS })
  await many(database, 10)
  server.pause()
  const waiting = many(database, 10)
  await database.close()
  server.resume()
  okUnavailable(t, await waiting, /CONNECTION_/)
  okUnavailable(t, await many(database, 1), /CONNECTION_ENDED/)
})

t.test(
  'a server killed between two statements: nothing afterwards runs outside of the transaction',
  async (t) => {
    const pool = openPool(server.url, { max: 1 })
    t.teardown(() => pool.end({ timeout: 0 }))
    let goOn: () => void = () => undefined
    let written: () => void = () => undefined
    const isWritten = new Promise<void>((resolve) => (written = resolve))
    let afterwards: Promise<unknown> = Promise.resolve()
    const lost = inTransaction(pool, async (session) => {
      await session`insert into notes values ('not kept')`
      written()
      await new Promise<void>((resolve) => (goOn = resolve))
      afterwards = (async () => {
        await session`insert into notes values ('on the successor')`
      })()
      await afterwards
    })
    const rejected = t.rejects(lost, LOSS)
    await isWritten
    await server.kill()
    await rejected
    await server.start()
    await pool`select 1`
    goOn()
    // One turn, in which the work goes on.
    await wait(0)
    await t.rejects(afterwards, LOSS)
    await pool`insert into notes values ('next')`
    t.strictSame(await notes(), ['next'])
  },
)

t.test('nothing of all this was rejected without anybody listening', async (t) => {
  await setImmediate()
  t.same(rejections, [])
})

/** Each attempt ends within its limit, so this is no busy loop; the test's own limit ends it. */
async function untilAnswered(database: Database, count = 1): Promise<void> {
  while (failures(await many(database, count)).length > 0);
}
