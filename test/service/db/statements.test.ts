// Which connection a statement takes, and what becomes of one that is lost.
import { sql } from 'drizzle-orm'
import t from 'tap'
import { openDatabase } from '../../../src/db/client.ts'
import { sharedPostgres } from '../../support/postgres.ts'

const server = await sharedPostgres(t)
const WHO = sql`select pg_backend_pid() as pid, pg_sleep(0.1)::text as slept`

t.test(
  'statements that come one after another share a connection, so that the others turn idle',
  async (t) => {
    const database = openDatabase({ url: server.url, poolMax: 8, statementTimeoutMs: 20_000 })
    t.teardown(() => database.close())
    const pid = async () => (await database.rows<{ pid: number }>(WHO))[0]?.pid
    const together = new Set(await Promise.all(Array.from({ length: 6 }, pid)))
    t.equal(together.size, 6, 'at the same time each has its own')
    const last = await pid()
    for (let times = 0; times < 3; times += 1) t.equal(await pid(), last)
    t.strictSame(database.usage(), { connections: 6, inUse: 0, waiting: 0 })
  },
)

t.test('a connection that was lost and cannot come back says so at once', async (t) => {
  const database = openDatabase({ url: await ofRole('first'), poolMax: 8, statementTimeoutMs: 20_000 })
  t.teardown(() => database.close())
  await Promise.all(Array.from({ length: 3 }, () => database.rows(WHO)))
  await server.sql.unsafe(`alter role lost password 'second'`)
  // Asked before the ends of the connections are known here.
  await server.sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'lost'`
  const asked = await Promise.allSettled(Array.from({ length: 6 }, () => database.rows(WHO)))
  for (const answer of asked)
    t.match(answer, {
      reason: { name: 'DatabaseUnavailable', message: /password authentication failed|terminat|connection/i },
    })
  t.match(await database.rows(WHO).catch((error: unknown) => error), { message: /password authentication/ })
  await server.sql.unsafe(`alter role lost password 'first'`)
  t.match(await database.rows(WHO), [{ pid: Number }], 'and it comes back')
})

async function ofRole(password: string): Promise<string> {
  await server.sql.unsafe(`create role lost superuser login password '${password}'`)
  const url = new URL(server.url)
  url.username = 'lost'
  url.password = password
  return url.href
}
