// Which connection a statement takes.
import { sql } from 'drizzle-orm'
import t from 'tap'
import { openDatabase } from '../../src/db/client.ts'
import { startPostgres } from '../support/postgres.ts'

const server = await startPostgres(t)
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
