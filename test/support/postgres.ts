// A real PostgreSQL for a test, started by the test on a free port and gone with it.
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import type { Test } from 'tap'
import { openEmbeddedPostgres, type EmbeddedPostgres } from '../../src/db/embedded/index.ts'
import { findPostmaster } from '../../src/db/embedded/postmaster.ts'

/** To survive a crash of the machine costs time and buys a throw-away database nothing; a crash of the server must lose no commit. */
const SETTINGS = ['fsync=off', 'full_page_writes=off']

export interface TestPostgres {
  url: string
  port: number
  /** Process id of the server now running; it changes with a restart. */
  readonly pid: number
  /** A client of the test's own, `TimeZone` UTC, bigint as string. */
  sql: postgres.Sql
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

export async function startPostgres(t: Test, settings: string[] = []): Promise<TestPostgres> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'barometer-postgres-'))
  const all = [...SETTINGS, ...settings]
  let server: EmbeddedPostgres = await openEmbeddedPostgres(dataDir, { settings: all })
  const { url, port } = server
  const sql = postgres(url, { max: 4, connection: { TimeZone: 'UTC' }, onnotice: () => undefined })
  const areGone = async (processes: number[]): Promise<void> => {
    while (findPostmaster(path.join(dataDir, 'postgres')) !== null) await sleep(10)
    while (processes.some((pid) => signalIfThere(pid, 0))) await sleep(10)
  }
  const start = async (): Promise<void> => {
    server = await openEmbeddedPostgres(dataDir, { settings: all, port })
  }
  t.teardown(async () => {
    const running = findPostmaster(path.join(dataDir, 'postgres'))
    if (running !== null) signal(running.pid, 'SIGCONT')
    await sql.end({ timeout: 0 })
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  return {
    url,
    port,
    sql,
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
