// A transaction ends as its work does, and the loss of its connection is an error like others.
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { openPool } from '../../../src/db/client.ts'
import { inTransaction } from '../../../src/db/transaction.ts'
import { sharedPostgres } from '../../support/postgres.ts'

const server = await sharedPostgres(t)
await server.sql`create table notes (text text not null)`
// One connection, so that whoever comes next gets the successor of the one that was lost.
const pool = openPool(server.url, { max: 1 })
t.teardown(() => pool.end({ timeout: 0 }))
t.beforeEach(async () => {
  await server.sql`truncate notes`
})

const LOSS = { code: /^(CONNECTION_CLOSED|ECONNRESET|57P01)$/ }
const notes = async () =>
  (await server.sql`select text from notes order by text`).map((row) => String(row['text']))
const backends = (query: string) =>
  server.sql`select pid from pg_stat_activity where application_name = 'barometer' and datname = current_database() and query ~ ${query}`
const until = async (query: string) => {
  while ((await backends(query)).length === 0) await wait(10)
}
const terminate = async (query: string) => {
  await until(query)
  await server.sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'barometer' and datname = current_database() and query ~ ${query}`
}

t.test('work that resolves is committed, work that rejects is not', async (t) => {
  const result = await inTransaction(pool, async (session) => {
    await session`insert into notes values ('kept')`
    return 5
  })
  t.equal(result, 5)
  const failing = inTransaction(pool, async (session) => {
    await session.unsafe(`insert into notes values ('not kept')`)
    throw new RangeError('on purpose')
  })
  await t.rejects(failing, { name: 'RangeError', message: 'on purpose' })
  const refused = inTransaction(pool, async (session) => {
    await session`insert into notes values ('not kept')`
    await session`select 1 / 0`
  })
  await t.rejects(refused, { code: '22012' })
  t.strictSame(await notes(), ['kept'])
})

t.test('a backend that ends during a statement: one error, and the pool goes on', async (t) => {
  const lost = inTransaction(pool, async (session) => {
    await session`insert into notes values ('not kept')`
    await session`select 'running', pg_sleep(600)`
  })
  const rejected = t.rejects(lost, LOSS)
  await terminate('running')
  await rejected
  // Where the driver wrote to the socket that is gone, its exception would come now, uncaught, and fail this test.
  await inTransaction(pool, (session) => session`insert into notes values ('next')`)
  t.strictSame(await notes(), ['next'])
})

t.test('an error that looks like a loss and is none still ends the transaction', async (t) => {
  const other = Object.assign(new Error('another socket'), { code: 'ECONNRESET' })
  await t.rejects(
    inTransaction(pool, async (session) => {
      await session`insert into notes values ('not kept')`
      throw other
    }),
    { message: 'another socket' },
  )
  await inTransaction(pool, (session) => session`insert into notes values ('next')`)
  t.strictSame(await notes(), ['next'])
})

t.test('the end of the pool ends a transaction whose statement does not come back', async (t) => {
  const ending = openPool(server.url, { max: 1 })
  const blocker = await server.sql.reserve()
  await blocker`select pg_advisory_lock(${7})`
  const stuck = inTransaction(ending, async (session) => {
    await session`insert into notes values ('not kept')`
    // A parameter makes postgres.js queue what follows behind the answer, which never comes.
    await session`select pg_advisory_xact_lock(${7})`
  })
  const rejected = t.rejects(stuck, { code: 'CONNECTION_DESTROYED' })
  await until('pg_advisory_xact_lock')
  await ending.end({ timeout: 0.1 })
  await rejected
  await blocker`select pg_advisory_unlock(${7})`
  blocker.release()
  t.strictSame(await notes(), [])
})
