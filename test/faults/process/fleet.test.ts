// Several instances as processes on one PostgreSQL and one Redis: which of them a clear waits for, and how long.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import t, { type Test } from 'tap'
import { startProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { openPool } from '../../../src/db/client.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startServiceProcess, type ServiceProcess } from '../../support/processes.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'

const PATH = '/api/v1/media/1'
/** A lease, what clocks may differ by, and the way there and back on a busy machine. */
const CLEAR_LIMIT_MS = 2000

const postgres = await sharedPostgres(t)
// Each of a fleet of its own: most of it is waiting.
t.jobs = 3

interface Place {
  database: string
  sql: Sql
  begin: (settings?: Record<string, string>) => Promise<ServiceProcess>
}

/** A database with one article, a Redis, and instances on them. */
async function place(t: Test): Promise<Place> {
  const [database, redis] = [await createDatabase(postgres), await startRedis(t)]
  const sql = openPool(database, { max: 2 })
  t.teardown(() => sql.end({ timeout: 0 }))
  await sql`insert into media_sources (code, name) values ('one', 'One')`
  await sql`insert into media_articles (source, title, url, published_at) values ('one', '0', 'https://one.example/', now())`
  const begin = (settings: Record<string, string> = {}): Promise<ServiceProcess> =>
    startServiceProcess(t, { DATABASE_URL: database, REDIS_URL: redis.url, ...settings })
  return { database, sql, begin }
}

interface Cleared {
  scope: string
  instances: { confirmed: number; expired: string[] }
}

async function clear({ url }: ServiceProcess): Promise<Cleared & { status: number; ms: number }> {
  const began = performance.now()
  const response = await fetch(`${url}/cache/clear?pattern=media:*`, { method: 'DELETE' })
  const answer = (await response.json()) as Cleared
  return { ...answer, status: response.status, ms: performance.now() - began }
}

/** The version that an instance answers, and where it is from. */
async function read(instance: ServiceProcess): Promise<{ version: number; from: string }> {
  const response = await instance.get(PATH)
  const { title } = (await response.json()) as { title: string }
  return { version: Number(title), from: response.headers.get('x-cache') ?? '' }
}

/** Until each answers from its memory. */
async function warm(instances: ServiceProcess[]): Promise<void> {
  for (const instance of instances) await until('a hit', async () => (await read(instance)).from === 'HIT')
}

/** Or an instance that is stopped in the middle of it would hold up whoever clears, for as long as PostgreSQL lets it. */
async function nobodyReadsTheLog({ sql }: Place): Promise<void> {
  await until('nobody to be in a transaction', async () => {
    const sessions = await sql`
      select from pg_stat_activity where application_name = 'barometer' and xact_start is not null
      and datname = current_database() and pid <> pg_backend_pid()`
    return sessions.length === 0
  })
}

/** Past the triggers that would announce it: what holds then is the clear's doing. */
async function write({ sql }: Place, version: number): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction`set local session_replication_role = replica`
    await transaction`update media_articles set title = ${String(version)} where id = 1`
  })
}

void t.test(
  'one that is stopped is waited for no longer than its lease, and knows when it goes on',
  { buffered: true },
  async (t) => {
    const fleet = await place(t)
    const [clearing, stopped] = [await fleet.begin(), await fleet.begin()]
    await write(fleet, 1000)
    await clear(clearing)
    await warm([clearing, stopped])
    await nobodyReadsTheLog(fleet)
    process.kill(stopped.pid, 'SIGSTOP')
    t.teardown(() => process.kill(stopped.pid, 'SIGCONT'))
    // Sent while it is stopped, read when it goes on: after the clear.
    await write(fleet, 1001)
    const answer = await clear(clearing)
    t.match(answer, { status: 200, scope: 'fleet', instances: { confirmed: 1 } })
    t.match(answer.instances.expired, [new RegExp(`/${stopped.pid}$`)])
    t.ok(answer.ms < CLEAR_LIMIT_MS, `${answer.ms} ms`)
    const waiting = Promise.all(Array.from({ length: 20 }, () => read(stopped)))
    await sleep(50)
    process.kill(stopped.pid, 'SIGCONT')
    t.strictSame(new Set((await waiting).map(({ version }) => version)), new Set([1001]))
    await until(
      'it to have joined again',
      () => clear(clearing),
      ({ instances }) => instances.confirmed === 2 && instances.expired.length === 0,
    )
  },
)

void t.test(
  'one that cannot reach the log serves what it has only as STALE',
  { buffered: true },
  async (t) => {
    const fleet = await place(t)
    const proxy = await startProxy(t, postgres.port)
    const apart = new URL(fleet.database)
    apart.port = String(proxy.port)
    const clearing = await fleet.begin()
    const cut = await fleet.begin({ DATABASE_URL: apart.href })
    await write(fleet, 2000)
    await clear(clearing)
    await warm([clearing, cut])
    await nobodyReadsTheLog(fleet)
    proxy.swallow()
    await write(fleet, 2001)
    const answer = await clear(clearing)
    t.match(answer, { status: 200, instances: { confirmed: 1, expired: [new RegExp(`/${cut.pid}$`)] } })
    for (let times = 0; times < 6; times += 1) {
      const { version, from } = await read(cut)
      t.ok(version === 2001 || from === 'STALE', `${version} ${from}`)
    }
    proxy.forward()
    await until('it to be back', async () => {
      const { version, from } = await read(cut)
      return version === 2001 && from === 'HIT'
    })
    t.match(await clear(clearing), { instances: { confirmed: 2, expired: [] } })
  },
)

void t.test('one that ends is waited for no more', { buffered: true }, async (t) => {
  const fleet = await place(t)
  const [clearing, ending] = [await fleet.begin(), await fleet.begin()]
  await warm([clearing, ending])
  t.match(await clear(clearing), { instances: { confirmed: 2 } })
  t.equal(await ending.end('SIGTERM'), 0)
  t.match(await clear(clearing), { instances: { confirmed: 1, expired: [] } })
})
