// What the list of instances says after a failover, and what it does not. A truncated table stands for the failover: it makes another epoch as well.
import t from 'tap'
import { openPool } from '../../../src/db/client.ts'
import { postgresClearLog } from '../../../src/db/clear-log.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'

const KEEP_SECONDS = 60
const CLEAR = { kind: 'key', selector: 'a', soft: false, actor: 'test' } as const
const X = { id: 'x', name: 'x' }

const postgres = await sharedPostgres(t)
const pool = openPool(await createDatabase(postgres), { max: 2 })
t.teardown(() => pool.end({ timeout: 0 }))
const PATIENT = { append: 60_000, start: 60_000, read: 60_000, other: 60_000, idle: 60_000 }
const log = postgresClearLog(pool, PATIENT)

/** An instance that has applied three clears of a log which then loses them; the epoch before and after. */
async function losing(): Promise<{ before: string; after: string; seq: number }> {
  await pool`truncate cache_clears, cache_members`
  await pool`alter sequence cache_clears_position restart`
  await log.read(0, KEEP_SECONDS, { ...X, joins: true })
  for (const since of [0, 1, 2]) await log.append(CLEAR, since, KEEP_SECONDS)
  const { epoch: before } = (await log.read(3, KEEP_SECONDS, { ...X, joins: false }))!
  await pool`truncate cache_clears`
  await pool`alter sequence cache_clears_position restart`
  const { epoch: after } = (await log.read(3, KEEP_SECONDS, { ...X, joins: false }))!
  const { seq } = await log.append(CLEAR, 0, KEEP_SECONDS)
  return { before, after, seq }
}

t.test('a position of the log that was acknowledges no clear of the one that is', async (t) => {
  const { before, after, seq } = await losing()
  t.not(after, before)
  t.equal(seq, 1)
  t.strictSame(await log.unacknowledged(seq, after), ['x'])
})

t.test('a clear of the log that was is acknowledged by nobody, and takes nobody off the list', async (t) => {
  const { before, after } = await losing()
  await t.rejects(log.unacknowledged(1, before))
  const { members } = await log.append(CLEAR, 0, KEEP_SECONDS)
  await log.expire(members, before)
  t.equal((await pool`select from cache_members`).length, 1)
  await log.expire(members, after)
  t.equal((await pool`select from cache_members`).length, 0)
})

t.test('an instance that joins anew is not taken for what it was', async (t) => {
  const { after } = await losing()
  await log.expire((await log.append(CLEAR, 0, KEEP_SECONDS)).members, after)
  await log.read(0, KEEP_SECONDS, { ...X, joins: true })
  const first = await log.append(CLEAR, 0, KEEP_SECONDS)
  await log.expire(first.members, after)
  await log.read(0, KEEP_SECONDS, { ...X, joins: true })
  await log.expire(first.members, after)
  t.equal((await pool`select from cache_members`).length, 1)
})
