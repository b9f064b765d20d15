// Real Redis servers for a test, started by the test on free loopback ports and gone with it.
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Test } from 'tap'
import { findRedisServer } from './redis-binary.ts'
import { connect, end, HOST, launch, onPort, START_LIMIT_MS } from './redis-process.ts'
import { RUN } from './run.ts'

const SLOTS = 16_384

/** A server for nobody else while the test's file runs. */
export interface SharedRedis {
  /** `redis://127.0.0.1:port`. */
  url: string
  port: number
  /** A client of the test's own; it connects with its first command, and keeps commands back while the server is away. */
  client: Redis
}

export interface TestRedisOptions {
  /** A fixed port, where the test needs one. Taken: the start rejects. */
  port?: number
  /** Further command line options (`['--maxmemory', '2mb']`); they win over the defaults. */
  args?: string[]
  /** A working directory of the caller's, kept afterwards. Without it a temporary one, removed with the test. */
  dir?: string
  /** `requirepass`; the url stays without it. */
  password?: string
}

/** Its url is without the password. */
export interface TestRedis extends SharedRedis {
  dir: string
  /** Process id of the server started last; it changes with a restart. */
  readonly pid: number
  /** Sends a signal. One that ends the server (SIGKILL, as a crash, unless told otherwise) is awaited until the process is gone. */
  kill: (signal?: NodeJS.Signals) => Promise<void>
  /** Orderly shutdown, also of a paused server. Nothing is saved unless `args` say so. */
  stop: () => Promise<void>
  /** Up again on the same port and directory, whatever state the server was in; resolves when it answers. */
  restart: () => Promise<void>
  /** SIGSTOP: connections stay open and silent. */
  pause: () => void
  resume: () => void
}

export interface TestRedisCluster {
  /** URL of the first node. */
  url: string
  nodes: TestRedis[]
}

/** The Redis of this worker, emptied. A test that stops, fills or configures one starts its own. */
export async function sharedRedis(t: Test): Promise<SharedRedis> {
  if (RUN.redisPort === undefined) return startRedis(t)
  const client = connect(RUN.redisPort, undefined)
  t.teardown(() => client.disconnect())
  await client.flushall()
  await client.config('RESETSTAT')
  return { url: `redis://${HOST}:${RUN.redisPort}`, port: RUN.redisPort, client }
}

/**
 * Starts a Redis server without persistence on loopback and resolves when it answers. It is ended with `t`, whatever state it is in.
 *
 * @throws Error when there is no server binary, `port` is taken, or the server ends or stays silent; with its log.
 */
export async function startRedis(t: Test, options: TestRedisOptions = {}): Promise<TestRedis> {
  const binary = findRedisServer()
  if (binary === null)
    throw new Error('no redis-server or valkey-server on the PATH, nor named by REDIS_SERVER')
  const dir = options.dir ?? (await mkdtemp(path.join(tmpdir(), 'barometer-redis-')))
  const args = ['--bind', HOST, '--dir', dir, '--save', '', '--appendonly', 'no']
  if (options.password !== undefined) args.push('--requirepass', options.password)
  args.push(...(options.args ?? []))
  if (options.dir === undefined) t.teardown(() => rm(dir, { recursive: true, force: true }))

  const launchOn = (port: number): Promise<ChildProcess> => launch(binary, port, args, options.password)
  const { port, server } = await onPort(options.port, launchOn)
  let current = server
  const client = connect(port, options.password)
  t.teardown(async () => {
    client.disconnect()
    // Ends a stopped process too, which SIGTERM does not.
    await end(current, 'SIGKILL')
  })
  const stop = async (): Promise<void> => {
    current.kill('SIGCONT')
    await end(current, 'SIGTERM')
  }
  return {
    url: `redis://${HOST}:${port}`,
    port,
    dir,
    client,
    get pid() {
      return current.pid!
    },
    kill: (signal = 'SIGKILL') => end(current, signal),
    stop,
    restart: async () => {
      await stop()
      current = await launchOn(port)
    },
    pause: () => void current.kill('SIGSTOP'),
    resume: () => void current.kill('SIGCONT'),
  }
}

/**
 * Starts a Redis Cluster of masters without replicas, the slots spread evenly; resolves when every node says `cluster_state:ok` and knows
 * all others (about 3 s: Redis holds a new master back for 2).
 */
export async function startRedisCluster(t: Test, masters = 3): Promise<TestRedisCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '3000']
  const nodes = await Promise.all(Array.from({ length: masters }, () => startRedis(t, { args })))
  const first = nodes[0]
  if (first === undefined) throw new RangeError('a cluster has at least one master')
  await Promise.all(
    nodes.map(async ({ client }, index) => {
      // Epochs of their own spare the nodes the settling of a tie, during which the slot map changes.
      await client.cluster('SET-CONFIG-EPOCH', index + 1)
      await client.cluster('ADDSLOTS', slotsOf(index, masters))
    }),
  )
  for (const node of nodes.slice(1)) await first.client.cluster('MEET', HOST, node.port)
  const limit = AbortSignal.timeout(START_LIMIT_MS)
  await Promise.all(
    nodes.map(async ({ client }) => {
      // A node announces this to nobody, so it has to be asked.
      while (!isWhole(await client.cluster('INFO'), masters)) await sleep(25, undefined, { signal: limit })
    }),
  )
  return { url: first.url, nodes }
}

function slotsOf(index: number, masters: number): number[] {
  const first = Math.floor((index * SLOTS) / masters)
  const end = Math.floor(((index + 1) * SLOTS) / masters)
  return Array.from({ length: end - first }, (_, offset) => first + offset)
}

function isWhole(info: unknown, nodes: number): boolean {
  const lines = String(info).split('\r\n')
  return [`cluster_state:ok`, `cluster_slots_ok:${SLOTS}`, `cluster_known_nodes:${nodes}`].every((line) =>
    lines.includes(line),
  )
}
