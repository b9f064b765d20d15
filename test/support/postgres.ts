// Real PostgreSQL servers for tests: one that a whole run shares, and servers of a test's own, which it may kill, pause and fill.
import { execFile, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import postgres from 'postgres'
import type { Test } from 'tap'
import { openEmbeddedPostgres, type EmbeddedPostgres } from '../../src/db/embedded/index.ts'
import { findPostmaster } from '../../src/db/embedded/postmaster.ts'
import { RUN } from './run.ts'

/** To survive a crash of the machine costs time and buys a throw-away database nothing; a crash of the server must lose no commit. */
export const SETTINGS = ['fsync=off', 'full_page_writes=off']

/** A server and a database on it that is the test's own. */
export interface SharedPostgres {
  /** Of the database. */
  url: string
  port: number
  /** A client of the test's own, `TimeZone` UTC, bigint as string. */
  sql: postgres.Sql
  /** Further databases that were made on it, dropped with the test. */
  databases: string[]
}

export interface TestPostgres extends SharedPostgres {
  /** Process id of the server now running; it changes with a restart. */
  readonly pid: number
  /** SIGSTOP to the server and its sessions: connections stay open and silent, new ones are not answered. */
  pause(): void
  resume(): void
  /** Ends the server and its sessions at once (SIGKILL, as a crash) and resolves when they are gone. */
  kill(): Promise<void>
  /** Fast shutdown, then up again on the same port and data. */
  restart(): Promise<void>
  /** Up again after `kill()`. */
  start(): Promise<void>
}

/** A new, empty database on the run's server, dropped with `t`. Other files use that server at the same time. */
export async function sharedPostgres(t: Test): Promise<SharedPostgres> {
  if (RUN.postgresUrl === undefined) return startPostgres(t)
  const url = new URL(RUN.postgresUrl)
  const port = Number(url.port)
  const server = connect(url.href)
  const name = newName()
  const databases = [name]
  await server.unsafe(`create database ${name}`)
  url.pathname = `/${name}`
  const sql = connect(url.href)
  t.teardown(async () => {
    await sql.end({ timeout: 0 })
    for (const database of databases) await server.unsafe(`drop database ${database} with (force)`)
    await server.end({ timeout: 0 })
  })
  return { url: url.href, port, sql, databases }
}

/** A server of the test's own, on a free port, gone with `t`. */
export async function startPostgres(t: Test, settings: string[] = []): Promise<TestPostgres> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'barometer-postgres-'))
  const databaseDir = path.join(dataDir, 'postgres')
  // Node's own copying gives the files to another owner.
  if (RUN.postgresCluster !== undefined)
    await promisify(execFile)('cp', ['-a', RUN.postgresCluster, databaseDir])
  const all = [...SETTINGS, ...settings]
  let server: EmbeddedPostgres = await openEmbeddedPostgres(dataDir, { settings: all })
  const { url, port } = server
  const sql = connect(url)
  const areGone = async (processes: number[]): Promise<void> => {
    while (findPostmaster(databaseDir) !== null) await sleep(10)
    while (processes.some((pid) => signalIfThere(pid, 0))) await sleep(10)
  }
  const start = async (): Promise<void> => {
    server = await openEmbeddedPostgres(dataDir, { settings: all, port })
  }
  t.teardown(async () => {
    const running = findPostmaster(databaseDir)
    if (running !== null) signal(running.pid, 'SIGCONT')
    await sql.end({ timeout: 0 })
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  return {
    url,
    port,
    sql,
    databases: [],
    get pid() {
      return server.pid
    },
    pause: () => void signal(server.pid, 'SIGSTOP'),
    resume: () => void signal(server.pid, 'SIGCONT'),
    kill: async () => {
      await areGone(signal(server.pid, 'SIGKILL'))
    },
    restart: async () => {
      await server.stop()
      await start()
    },
    start,
  }
}

/** For a database of a test's own. */
export function newName(): string {
  return `test_${randomUUID().replaceAll('-', '')}`
}

function connect(url: string): postgres.Sql {
  return postgres(url, { max: 4, connection: { TimeZone: 'UTC' }, onnotice: () => undefined })
}

/** To the server, so that it makes no more sessions, then to those it has: each is a process that would go on without it. Returns all. */
function signal(pid: number, name: NodeJS.Signals): number[] {
  const sessions = new Set(childrenOf(pid))
  process.kill(pid, name)
  // It may have been making one.
  for (let known = -1; known < sessions.size;) {
    known = sessions.size
    for (const session of childrenOf(pid)) sessions.add(session)
  }
  for (const session of sessions) signalIfThere(session, name)
  return [pid, ...sessions]
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const processes = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  return processes.flatMap(([child, parent]) => (child !== undefined && parent === pid ? [child] : []))
}

/** A session may end between being listed and being signalled. False where it did. */
function signalIfThere(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    return false
  }
}
