// Several instances as processes on one PostgreSQL and one Redis, each reaching them through proxies of its own, and articles to read from them.
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import type { Test } from 'tap'
import { startProxy, type TcpProxy } from './tcp-proxy.ts'
import { openPool } from '../../src/db/client.ts'
import { startCallers, type Callers, type Reply } from './callers.ts'
import type { ClearChecker, OpenRead } from './clear-checker.ts'
import type { SharedPostgres } from './postgres.ts'
import { startServiceProcess, type ServiceProcess } from './processes.ts'
import type { Random } from './random.ts'
import type { TestRedis } from './redis.ts'
import { createDatabase } from './databases.ts'

/** Of ids that are nothing else's: a load is recognised by the id, or the source, that its statement has as a parameter. */
const FIRST_ID = 910_001

export interface Subject {
  path: string
  /** Of the article whose title is the version. */
  id: number
  kind: 'article' | 'list'
  /** Begins as one parameter of the statement that loads it, and of no other statement. */
  parameter: string
}

export interface Instance extends ServiceProcess {
  index: number
  /** As the list of instances has it. */
  name: string
  /** The way to PostgreSQL, and to Redis. */
  database: TcpProxy
  redis: TcpProxy
  callers: Callers
}

export interface Fleet {
  sql: Sql
  instances: Instance[]
  subjects: Subject[]
}

export interface FleetOptions {
  postgres: SharedPostgres
  redis: Pick<TestRedis, 'port'>
  instances: number
  articles: number
  lists?: number
  /** Connections to each instance, for reads at one time. */
  callers?: number
  settingsOf?: (index: number) => Record<string, string>
}

/** A new database with so many articles, and lists of one article each, all of version 0; and instances on it. */
export async function startFleet(t: Test, options: FleetOptions): Promise<Fleet> {
  const { postgres, redis, articles, lists = 0, callers = 20, settingsOf = () => ({}) } = options
  const database = await createDatabase(postgres)
  const sql = openPool(database, { max: 4 })
  t.teardown(() => sql.end({ timeout: 0 }))
  const subjects = Array.from({ length: articles + lists }, (_, index) =>
    subjectOf(FIRST_ID + index, index < articles ? 'article' : 'list'),
  )
  for (const { id, kind, parameter } of subjects) {
    const source = kind === 'list' ? parameter : 'fleet'
    await sql`insert into media_sources (code, name) values (${source}, ${source}) on conflict do nothing`
    await sql`
      insert into media_articles (id, source, title, url, published_at) overriding system value
      values (${id}, ${source}, '0', ${`https://fleet.example/${id}`}, '2025-10-01')`
  }
  const begin = async (index: number): Promise<Instance> => {
    const toDatabase = await startProxy(t, postgres.port)
    const toRedis = await startProxy(t, redis.port)
    const url = new URL(database)
    url.port = String(toDatabase.port)
    const process = await startServiceProcess(t, {
      DATABASE_URL: url.href,
      REDIS_URL: `redis://127.0.0.1:${toRedis.port}`,
      // What is tested here is not how much a machine can do.
      PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0',
      ...settingsOf(index),
    })
    return {
      ...process,
      index,
      name: `${hostname()}/${process.pid}`,
      database: toDatabase,
      redis: toRedis,
      callers: startCallers(t, process.url, callers),
    }
  }
  const instances = await Promise.all(Array.from({ length: options.instances }, (_, index) => begin(index)))
  return { sql, instances, subjects }
}

function subjectOf(id: number, kind: Subject['kind']): Subject {
  return kind === 'article'
    ? { id, kind, path: `/api/v1/media/${id}`, parameter: String(id) }
    : { id, kind, path: `/api/v1/media/latest?source=list-${id}`, parameter: `list-${id}` }
}

/** Whether a message to PostgreSQL has one of these as a whole parameter: its length stands before it. */
export function binds(parameters: readonly string[]): (data: Buffer) => boolean {
  const forms = parameters.map((text) => {
    const form = Buffer.alloc(4 + text.length, text)
    form.writeUInt32BE(text.length, 0)
    form.write(text, 4)
    return form
  })
  return (data) => forms.some((form) => data.includes(form))
}

/** The version that an answer shows. */
export function versionIn(body: string): number {
  const answer = JSON.parse(body) as { title?: string; data?: { title: string }[] }
  return Number(answer.title ?? answer.data?.[0]?.title)
}

/** A read under the checker's eyes. */
export async function read(checker: ClearChecker, instance: Instance, { path }: Subject): Promise<Reply> {
  const open = checker.readBegins(instance.index, path)
  const reply = await instance.callers.get(path)
  note(open, reply)
  return reply
}

function note(open: OpenRead, { status, from, body }: Reply): void {
  if (status === 200) open.got(versionIn(body), from)
  else open.failed(status)
}

/** Commits the next version of a subject, past the triggers that would announce it: what holds then is the clear's doing. Who writes one awaits this before the next. */
export async function write(
  { sql }: Fleet,
  checker: ClearChecker,
  { id, path }: Subject,
  version: number,
): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction`set local session_replication_role = replica`
    await transaction`update media_articles set title = ${String(version)} where id = ${id}`
  })
  checker.committed(path, version)
}

export interface Readers {
  stop(): Promise<void>
}

/** Between two reads of a reader: they leave the machine to the servers under test, and the proxies, which live in this process. */
const PAUSE_MS = 10

/** Reads everywhere all the while: so many readers of each instance, each with its next read when it has the last one. */
export function startReaders(
  t: Test,
  checker: ClearChecker,
  { instances, subjects }: Pick<Fleet, 'instances' | 'subjects'>,
  perInstance: number,
  random: Random,
): Readers {
  let done = false
  const readers = instances.flatMap((instance) =>
    Array.from({ length: perInstance }, async () => {
      while (!done) {
        await read(checker, instance, random.pick(subjects))
        await sleep(PAUSE_MS)
      }
    }),
  )
  const stop = async (): Promise<void> => {
    done = true
    await Promise.all(readers)
  }
  t.teardown(stop)
  return { stop }
}
