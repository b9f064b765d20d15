// The clear log in a PostgreSQL that hangs, loses a writer or fails over: attempts are given up without a trace, and it is another log after.
import { appendFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { ClearLog, ClearRequest, LogReading } from '../../../src/cache/index.ts'
import { postgresClearLog } from '../../../src/db/clear-log.ts'
import { openPool } from '../../../src/db/client.ts'
import { startPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { gate } from '../../support/gate.ts'
import { startProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

/** As long as entries live, for a test in which none is too old. */
const KEEP_S = 3600

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
