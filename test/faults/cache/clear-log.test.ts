// The clear log in PostgreSQL: positions in the order of commits, what a reader is told, and an answer within a second.
import { appendFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { ClearLog, ClearRequest, LogReading } from '../../../src/cache/index.ts'
import { appendClear, postgresClearLog } from '../../../src/db/clear-log.ts'
import { openPool } from '../../../src/db/client.ts'
import { startPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { gate } from '../../support/gate.ts'
import { startProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

/** As long as entries live, for a test in which none is too old. */
const KEEP_S = 3600
const LISTED_CLEARS = 1000
/** What the advisory lock around a numbering is taken on. */
const CLEAR_LOG_LOCK = 0x636c6f67

const postgres = await startPostgres(t)
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
    const waiting = await postgres.sql`select from pg_locks where locktype = 'advisory' and not granted`
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

t.test('attempts on a hung server are given up, and leave no trace when it goes on', async (t) => {
  const { log } = open(t)
  await readFrom(log, 0, KEEP_S)
  postgres.pause()
  const attempts = await Promise.allSettled(['a', 'b', 'c'].map((key) => log.append(clearOf(key), 0, KEEP_S)))
  postgres.resume()
  for (const attempt of attempts)
    t.match(attempt, { status: 'rejected', reason: { name: 'DatabaseUnavailable' } })
  // Behind them in the pool, and the lock is taken in turn.
  await until('an answer', () => readFrom(log, 0, KEEP_S).catch(() => null))
  t.equal((await log.append(clearOf('d'), 0, KEEP_S)).seq, 1)
})

t.test('a writer that is cut off in the middle does not keep the others from clearing', async (t) => {
  const cut = gate()
  const proxy = await startProxy(t, postgres.port, (data) => {
    const isInsert = data.includes('insert into cache_clears')
    if (isInsert) cut.open()
    return isInsert
  })
  const behindProxy = new URL(url)
  behindProxy.port = String(proxy.port)
  const lost = open(t, behindProxy.href).log.append(clearOf('a'), 0, KEEP_S)
  lost.catch(() => undefined)
  await cut.promise
  const { log } = open(t)
  const reading = await until('the lock to be free', () =>
    log.append(clearOf('b'), 0, KEEP_S).catch(() => null),
  )
  t.strictSame(new Set(reading?.clears.map(({ selector }) => selector)), new Set(['b']))
  await t.rejects(lost, { name: 'DatabaseUnavailable' })
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
  await pool`create role plain login password 'plain'`
  t.teardown(() => postgres.sql`drop owned by plain cascade`.catch(() => undefined))
  await pool`grant select, insert on cache_clears, cache_epochs to plain`
  await pool`grant select, insert, update, delete on cache_members to plain`
  const asPlain = new URL(url)
  asPlain.username = asPlain.password = 'plain'
  const plain = open(t, asPlain.href)
  t.equal(await appendClear(plain.pool, clearOf('a')), 1)
  t.match(await plain.log.append(clearOf('b'), 0, KEEP_S), { seq: 2, clears: [{ seq: 1 }, { seq: 2 }] })
})

t.test('after a failover the log is another one, at once', async (t) => {
  const { log } = open(t)
  const { epoch } = await log.append(clearOf('a'), 0, KEEP_S)
  const [setting] = await postgres.sql<{ data_directory: string }[]>`show data_directory`
  const directory = setting!.data_directory
  // Recovery to the end of what there is, which begins a new timeline as a promoted standby does.
  await writeFile(path.join(directory, 'recovery.signal'), '')
  await appendFile(path.join(directory, 'postgresql.auto.conf'), "restore_command = 'false'\n")
  await postgres.restart()
  const after = await until('an answer', () => readFrom(log, 0, KEEP_S).catch(() => null))
  t.equal(after?.seq, 1)
  t.not(after?.epoch, epoch)
})
