// Positions that a log lost: whoever writes to it comes from behind them, or the next clears would get positions that entries have already.
import t from 'tap'
import { postgresClearLog } from '../../../src/db/clear-log.ts'
import { openPool } from '../../../src/db/client.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'

const KEEP_SECONDS = 3600
const CLEAR = { kind: 'key', selector: 'a', soft: false, actor: 'test' } as const
const PATIENT = { append: 60_000, start: 60_000, read: 60_000, other: 60_000, idle: 60_000 }

const postgres = await sharedPostgres(t)
const pool = openPool(await createDatabase(postgres), { max: 2 })
t.teardown(() => pool.end({ timeout: 0 }))
const log = postgresClearLog(pool, PATIENT)

t.beforeEach(async () => {
  await pool`truncate cache_clears, cache_members`
  await pool`alter sequence cache_clears_position restart`
})

t.test('a clear stands behind the position that its writer has', async (t) => {
  const appended = await log.append(CLEAR, 41, KEEP_SECONDS)
  t.match(appended, { seq: 42, floor: 42 }, 'and of what the writer knew before, nothing is worth anything')
  t.equal((await log.append(CLEAR, 0, KEEP_SECONDS)).seq, 43, 'those of others follow')
})

t.test('a clear stands behind every row, wherever that came from', async (t) => {
  await pool`insert into cache_clears (seq, kind, selector, soft, actor) values (70, 'key', 'a', false, 'restored')`
  t.equal((await log.append(CLEAR, 0, KEEP_SECONDS)).seq, 71)
})

t.test('a writer is told of all that it had not applied, its own clear included', async (t) => {
  for (const since of [0, 1, 2]) await log.append(CLEAR, since, KEEP_SECONDS)
  const { seq, clears, floor } = await log.append(CLEAR, 1, KEEP_SECONDS)
  t.strictSame([seq, floor, clears.map((clear) => clear.seq)], [4, 0, [2, 3, 4]])
})
