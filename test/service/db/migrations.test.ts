// Migrations: applied once by whoever comes first, waited for by the others, within limits, by a role without special rights.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import postgres from 'postgres'
import t, { type Test } from 'tap'
import { program } from '../../support/root.ts'
import { postgresClearLog } from '../../../src/db/clear-log.ts'
import { openPool } from '../../../src/db/client.ts'
import { migrateDatabase, MIGRATIONS_FOLDER } from '../../../src/db/migrate.ts'
import { sharedPostgres } from '../../support/postgres.ts'

const server = await sharedPostgres(t)
const journal = JSON.parse(await readFile(path.join(MIGRATIONS_FOLDER, 'meta/_journal.json'), 'utf8')) as {
  entries: { when: number }[]
}

/** A database without tables, and a client for it. */
async function emptyDatabase(test: Test, owner?: string) {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await server.sql.unsafe(`create database ${name} ${owner === undefined ? '' : `owner ${owner}`}`)
  const url = new URL(server.url)
  url.pathname = `/${name}`
  const sql = postgres(url.href, { max: 3, onnotice: () => undefined })
  test.teardown(() => sql.end({ timeout: 0 }))
  return { url, sql }
}

/** Resolves once another session waits for a lock in this database. */
async function someoneWaits(sql: postgres.Sql): Promise<void> {
  for (;;) {
    const [waiting] = await sql`
      select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
    if (waiting !== undefined) return
  }
}

/** Every object of the database with the transaction that wrote it last. */
async function catalog(sql: postgres.Sql) {
  return [
    ...(await sql`select oid, relname, relfilenode, xmin::text from pg_class order by oid`),
    ...(await sql`select oid, conname, xmin::text from pg_constraint order by oid`),
    ...(await sql`select id, hash, created_at, xmin::text from drizzle.__drizzle_migrations order by id`),
  ]
}

t.test('instances that start together all succeed and apply each migration once', async (t) => {
  const { url, sql } = await emptyDatabase(t)
  const asProcess = async () => {
    const child = spawn(process.execPath, [...program('test/service/db/migrate-process'), url.href], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const [code] = (await once(child, 'exit')) as [number | null]
    t.equal(code, 0)
  }
  const inHere = () => migrateDatabase(url.href)
  await Promise.all([asProcess(), asProcess(), asProcess(), ...Array.from({ length: 6 }, inHere)])
  const applied = await sql`select created_at from drizzle.__drizzle_migrations order by id`
  t.same(
    applied.map((row) => Number(row['created_at'])),
    journal.entries.map((entry) => entry.when),
  )
  t.same(await sql`select count(*) from media_articles`, [{ count: '0' }])
})

t.test('migrating again changes nothing', async (t) => {
  const { url, sql } = await emptyDatabase(t)
  await migrateDatabase(url.href)
  const before = await catalog(sql)
  t.ok(before.length > 100)
  await migrateDatabase(url.href)
  t.same(await catalog(sql), before)
})

t.test('an instance that waits too long for another one gives up and says for what', async (t) => {
  const { url, sql } = await emptyDatabase(t)
  const blocker = await sql.reserve()
  // Keeps the first migration, which has the lock by then, from going on.
  await blocker`begin`
  await blocker`create schema drizzle`
  const first = migrateDatabase(url.href)
  await someoneWaits(sql)
  await t.rejects(migrateDatabase(url.href, { lockWaitSeconds: 0.2 }), {
    message: 'another instance has been migrating this database for 0.2 seconds',
    cause: { code: '55P03' },
  })
  await blocker`rollback`
  blocker.release()
  await t.resolves(first)
  t.equal((await sql`select from drizzle.__drizzle_migrations`).length, journal.entries.length)
})

t.test('the lock is that of one database: another one on the same server is not waited for', async (t) => {
  const { url, sql } = await emptyDatabase(t)
  const other = await emptyDatabase(t)
  const blocker = await sql.reserve()
  await blocker`begin`
  await blocker`create schema drizzle`
  const first = migrateDatabase(url.href)
  await someoneWaits(sql)
  await t.resolves(migrateDatabase(other.url.href, { lockWaitSeconds: 0.2 }))
  await blocker`rollback`
  blocker.release()
  await first
})

t.test('a migration that waits too long for a table leaves everything as it was', async (t) => {
  const { url, sql } = await emptyDatabase(t)
  await migrateDatabase(url.href)
  const before = await catalog(sql)
  const blocker = await sql.reserve()
  await blocker`begin`
  await blocker`lock table drizzle.__drizzle_migrations in access exclusive mode`
  await t.rejects(migrateDatabase(url.href, { tableWaitSeconds: 0.2 }), {
    message: 'a table to migrate has been in use for 0.2 seconds; nothing was migrated',
    cause: { cause: { code: '55P03' } },
  })
  await blocker`rollback`
  blocker.release()
  t.same(await catalog(sql), before)
})

t.test('a migration that fails is undone as a whole, and says what PostgreSQL said', async (t) => {
  const { url, sql } = await emptyDatabase(t)
  // The last table of the first migration, so that others were made before it.
  await sql`create table score_snapshots (nothing int)`
  await t.rejects(migrateDatabase(url.href), { message: 'relation "score_snapshots" already exists' })
  t.same(await sql`select relname from pg_class where relnamespace = 'public'::regnamespace`, [
    { relname: 'score_snapshots' },
  ])
  await sql`drop table score_snapshots`
  await t.resolves(migrateDatabase(url.href), 'the lock was given back')
})

t.test('a role that owns its database and may nothing else is enough', async (t) => {
  await server.sql`create role plain login password 'secret' nosuperuser nocreatedb nocreaterole`
  const { url, sql } = await emptyDatabase(t, 'plain')
  url.username = 'plain'
  url.password = 'secret'
  await migrateDatabase(url.href)
  t.same(await sql`select distinct tableowner from pg_tables where schemaname = 'public'`, [
    { tableowner: 'plain' },
  ])
  const pool = openPool(url.href, { max: 1 })
  t.teardown(() => pool.end({ timeout: 0 }))
  const clears = postgresClearLog(pool)
  const clear = { kind: 'pattern', selector: 'volume:*', soft: false, actor: 'test' } as const
  const { seq, epoch } = await clears.append(clear, 0, 60)
  t.equal(seq, 1)
  t.match(await clears.read(0, 60, { id: 'a', name: 'a', joins: true }), {
    seq: 1,
    epoch,
    clears: [{ selector: 'volume:*' }],
  })
})
