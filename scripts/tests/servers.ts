// What all files of a run share: one PostgreSQL with template databases, one Redis a worker, one browser.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { openEmbeddedPostgres } from '../../src/db/embedded/index.ts'
import { launchBrowserServer } from '../../test/support/browser-server.ts'
import { createTemplates } from '../../test/support/databases.ts'
import { SETTINGS } from '../../test/support/postgres.ts'
import { findRedisServer } from '../../test/support/redis-binary.ts'
import { end, HOST, launch, onPort } from '../../test/support/redis-process.ts'

/** Files side by side, each with several instances of the service. */
const SHARED_SETTINGS = [...SETTINGS, 'max_connections=400']

export interface Servers {
  /** Variables that tell a file's process of them, as `test/support/run.ts` reads them. */
  environmentOf(worker: number): Record<string, string>
  stop(): Promise<void>
}

export interface ServersWanted {
  /** Files that run at a time. */
  workers: number
  browser: boolean
}

export async function startServers({ workers, browser: wantsBrowser }: ServersWanted): Promise<Servers> {
  const folder = await mkdtemp(path.join(tmpdir(), 'barometer-run-'))
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const stop = async (): Promise<void> => {
    for (const stopOne of stops.splice(0).reverse()) await stopOne()
  }
  try {
    const cluster = await makeCluster(path.join(folder, 'template'))
    const dataDir = path.join(folder, 'shared')
    await promisify(execFile)('cp', ['-a', path.dirname(cluster), dataDir])
    const server = await openEmbeddedPostgres(dataDir, { settings: SHARED_SETTINGS })
    stops.push(() => server.stop())
    const redis = await Promise.all(Array.from({ length: workers }, () => startRedis(stops)))
    const browser = wantsBrowser ? await launchBrowserServer() : null
    if (browser !== null) stops.push(() => browser.close())
    const environmentOf = (worker: number): Record<string, string> => ({
      TEST_POSTGRES_URL: server.url,
      TEST_POSTGRES_CLUSTER: cluster,
      TEST_REDIS_PORT: String(redis[worker]),
      ...(browser === null ? {} : { TEST_BROWSER: browser.wsEndpoint() }),
    })
    return { environmentOf, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A data directory with the templates in it, of a server that was stopped. */
async function makeCluster(dataDir: string): Promise<string> {
  const server = await openEmbeddedPostgres(dataDir, { settings: SETTINGS })
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined })
  try {
    await createTemplates({ url: server.url, sql, databases: [] })
  } finally {
    await sql.end({ timeout: 5 })
    await server.stop()
  }
  const databaseDir = path.join(dataDir, 'postgres')
  // It names the port, which all copies would try first.
  await rm(path.join(databaseDir, 'postmaster.opts'), { force: true })
  return databaseDir
}

async function startRedis(stops: (() => Promise<unknown>)[]): Promise<number> {
  const binary = findRedisServer()
  if (binary === null)
    throw new Error('no redis-server or valkey-server on the PATH, nor named by REDIS_SERVER')
  const args = ['--bind', HOST, '--dir', tmpdir(), '--save', '', '--appendonly', 'no']
  const { port, server } = await onPort(undefined, (port) => launch(binary, port, args, undefined))
  stops.push(() => end(server, 'SIGKILL'))
  return port
}
