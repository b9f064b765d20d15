// The clear log in PostgreSQL: positions in the order of commits, what a reader is told, and an answer within a second.
import t, { type Test } from 'tap'
import type { ClearLog, ClearRequest, LogReading } from '../../../src/cache/index.ts'
import { appendClear, postgresClearLog } from '../../../src/db/clear-log.ts'
import { openPool } from '../../../src/db/client.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { gate } from '../../support/gate.ts'
import { until } from '../../support/until.ts'

/** As long as entries live, for a test in which none is too old. */
const KEEP_S = 3600
const LISTED_CLEARS = 1000
/** What the advisory lock around a numbering is taken on. */
const CLEAR_LOG_LOCK = 0x636c6f67

const postgres = await sharedPostgres(t)
const url = await createDatabase(postgres)

function open(t: Test, database = url) {
  const pool = openPool(database, { max: 5 })
  t.teardown(() => pool.end({ timeout: 0 }))
  return { pool, log: postgresClearLog(pool) }
}

/** As an instance that joins and never comes again. */
async function readFrom(log: ClearLog, since: number, keepSeconds: number): Promise<LogReading> {
  const reading = await log.read(since, keepSeconds, { id: 'reader', name: 'reader', joins: true })
  if (reading === null) throw new Error('not on the list')
  return reading
}

function clearOf(selector: string): ClearRequest {
  return { kind: 'key', selector, soft: false, actor: 'test' }
}

t.beforeEach(async () => {
  const { pool } = open(t)
  await pool`delete from cache_clears`
  await pool`alter sequence cache_clears_position restart`
})

t.test('a clear comes back as it was written, whatever is in it', async (t) => {
  const { pool, log } = open(t)
  const selectors = ['media:*', "'; drop table cache_clears; --", 'clé 日本', '\\*[a-z]']
  for (const [index, selector] of selectors.entries()) {
    const reading = await log.append(
      { ...clearOf(selector), kind: 'pattern', soft: index === 1 },
      index,
      KEEP_S,
    )
    t.match(reading, { seq: index + 1, floor: 0 })
    t.strictSame(reading.clears, [{ seq: index + 1, kind: 'pattern', selector, soft: index === 1 }])
  }
  t.strictSame(
    (await readFrom(log, 2, KEEP_S)).clears.map(({ seq }) => seq),
    [3, 4],
  )
  t.match(await pool`select actor from cache_clears where seq = 1`, [{ actor: 'test' }])
})

t.test('positions are in the order of commits: whoever reads one has been told all before it', async (t) => {
  const patient = { append: 60_000, start: 60_000, read: 60_000, other: 60_000, idle: 60_000 }
  const logs = Array.from({ length: 4 }, () => postgresClearLog(open(t).pool, patient))
  const readings = await Promise.all(
    Array.from({ length: 100 }, (_, index) => logs[index % 4]!.append(clearOf(`key:${index}`), 0, KEEP_S)),
  )
  for (const { seq, clears } of readings) {
    const told = clears.map((clear) => clear.seq)
    if (told.join() !== Array.from({ length: seq }, (_, index) => index + 1).join())
      t.fail(`${seq}: ${told.join()}`)
  }
  t.strictSame(new Set(readings.map(({ seq }) => seq)).size, 100, 'each its own')
})

t.test('a reader waits for a clear that is being written', async (t) => {
  const { pool, log } = open(t)
  const [written, mayCommit] = [gate(), gate()]
  const writing = pool.begin(async (session) => {
    await session`select pg_advisory_xact_lock(${CLEAR_LOG_LOCK})`
    await session`insert into cache_clears (seq, kind, selector, actor) values (1, 'key', 'a', 'test')`
    written.open()
    await mayCommit.promise
  })
  await written.promise
  const reading = readFrom(log, 0, KEEP_S)
  await until('it to wait', async () => {
    const waiting = await pool`
      select from pg_locks where locktype = 'advisory' and not granted and database = (
        select oid from pg_database where datname = current_database())`
    return waiting.length === 1
  })
  mayCommit.open()
  await writing
  t.match(await reading, { seq: 1, clears: [{ selector: 'a' }] })
})

t.test('a clear that waits for its turn too long is given up, and leaves no trace', async (t) => {
  const { pool, log } = open(t)
  const [held, mayEnd] = [gate(), gate()]
  const holding = pool.begin(async (session) => {
    await session`select pg_advisory_xact_lock(${CLEAR_LOG_LOCK})`
    held.open()
    await mayEnd.promise
  })
  await held.promise
  await t.rejects(log.append(clearOf('a'), 0, KEEP_S), { name: 'DatabaseUnavailable' })
  mayEnd.open()
  await holding
  t.equal((await log.append(clearOf('b'), 0, KEEP_S)).seq, 1)
})

t.test('clears older than any entry are not listed; the floor stands for them', async (t) => {
  const { pool, log } = open(t)
  for (const key of ['a', 'b', 'c', 'd']) await log.append(clearOf(key), 0, KEEP_S)
  await pool`update cache_clears set cleared_at = now() - interval '2 hours' where seq <= 2`
  t.match(await readFrom(log, 0, KEEP_S), { seq: 4, floor: 2, clears: [{ seq: 3 }, { seq: 4 }] })
  t.match(await readFrom(log, 0, KEEP_S * 3), { seq: 4, floor: 0 })
  t.strictSame(
    (await readFrom(log, 3, KEEP_S)).clears.map(({ seq }) => seq),
    [4],
  )
})

t.test('of very many clears only the newest are listed', async (t) => {
  const { pool, log } = open(t)
  await pool`insert into cache_clears (seq, kind, selector, actor)
    select seq, 'key', 'a', 'test' from generate_series(1, ${LISTED_CLEARS + 5}::int) as seq`
  const { clears, floor } = await readFrom(log, 0, KEEP_S)
  t.equal(floor, 5)
  t.strictSame([clears.length, clears[0]?.seq], [LISTED_CLEARS, 6])
})

t.test('to a reader whose position is not in the log any more, everything is void', async (t) => {
  const { pool, log } = open(t)
  for (const key of ['a', 'b', 'c']) await log.append(clearOf(key), 0, KEEP_S)
  // Restored from a copy that knew but one of them.
  await pool`delete from cache_clears where seq > 1`
  const reading = await log.append(clearOf('d'), 3, KEEP_S)
  t.match(reading, { seq: 4, floor: 4, clears: [] }, 'and the next position is one that it never saw')
  t.match(await log.append(clearOf('e'), 4, KEEP_S), { seq: 5, floor: 0 })
})

t.test('another database, and another table in its place, are another epoch', async (t) => {
  const { pool, log } = open(t)
  const { epoch } = await readFrom(log, 0, KEEP_S)
  t.equal((await open(t).log.append(clearOf('a'), 0, KEEP_S)).epoch, epoch, 'the same for everybody')
  t.not((await readFrom(open(t, await createDatabase(postgres)).log, 0, KEEP_S)).epoch, epoch)
  await pool`truncate cache_clears`
  t.not((await readFrom(log, 0, KEEP_S)).epoch, epoch)
})

t.test('an ordinary role can use the log', async (t) => {
  const { pool } = open(t)
  await pool`create role clear_log_reader login password 'plain'`
  t.teardown(async () => {
    await pool`drop owned by clear_log_reader`
    await pool`drop role clear_log_reader`
  })
  await pool`grant select, insert on cache_clears, cache_epochs to clear_log_reader`
  await pool`grant select, insert, update, delete on cache_members to clear_log_reader`
  const asPlain = new URL(url)
  asPlain.username = 'clear_log_reader'
  asPlain.password = 'plain'
  const plain = open(t, asPlain.href)
  t.equal(await appendClear(plain.pool, clearOf('a')), 1)
  t.match(await plain.log.append(clearOf('b'), 0, KEEP_S), { seq: 2, clears: [{ seq: 1 }, { seq: 2 }] })
})
