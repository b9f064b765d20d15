// A real Redis server beside what is measured, and a million keys of ours in it.
import { once } from 'node:events'
import { constants, setPriority, tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { findRedisServer } from '../test/support/redis-binary.ts'
import { connect, end, HOST, launch, onPort } from '../test/support/redis-process.ts'
import { LOAD_CORE, pin, started, type Server } from './processes.ts'

export interface RedisServer {
  url: string
  client: Redis
  stop(): Promise<void>
}

export async function startRedis(): Promise<RedisServer> {
  const binary = findRedisServer()
  if (binary === null)
    throw new Error('no redis-server or valkey-server on the PATH, nor named by REDIS_SERVER')
  const args = ['--bind', HOST, '--dir', tmpdir(), '--save', '', '--appendonly', 'no']
  const { port, server } = await onPort(undefined, (port) => launch(binary, port, args, undefined))
  pin(server.pid!, LOAD_CORE)
  // The load comes first on the core that both have: a sweep keeps Redis busy, and its work would count as latency of the service.
  setPriority(server.pid!, constants.priority.PRIORITY_LOW)
  const client = connect(port, undefined)
  const kill = () => {
    client.disconnect()
    server.kill('SIGKILL')
  }
  server.once('exit', started(kill))
  client.connect().catch(() => undefined)
  await once(client, 'ready')
  return {
    url: `redis://${HOST}:${port}`,
    client,
    stop: async () => {
      client.disconnect()
      await end(server, 'SIGTERM')
    },
  }
}

/** An entry that the service stored: the key of ours that it has, and what stands before and behind that in Redis. */
export interface StoredEntry {
  redisKey: string
  before: string
  behind: string
}

const SAMPLE = { path: '/api/v1/score/latest', key: /score:latest:[^{}]*/ }
const STORE_LIMIT_MS = 10_000

/** Has the service store a small answer, of a category of its own, and finds it. */
export async function storeSample(server: Server, { client }: RedisServer): Promise<StoredEntry> {
  await (await fetch(server.url + SAMPLE.path)).arrayBuffer()
  const deadline = Date.now() + STORE_LIMIT_MS
  for (;;) {
    // The shortest: whatever else there may be for a key, such as a lock, has a longer name.
    const [redisKey] = (await client.keys('*score:latest:*')).toSorted(
      (one, other) => one.length - other.length,
    )
    const match = redisKey === undefined ? null : SAMPLE.key.exec(redisKey)
    if (redisKey !== undefined && match !== null) {
      const [before, behind] = [redisKey.slice(0, match.index), redisKey.slice(match.index + match[0].length)]
      return { redisKey, before, behind }
    }
    if (Date.now() > deadline) throw new Error('the service stores nothing in Redis')
    await sleep(20)
  }
}

/** Short enough that Redis answers others in between. */
const COPIES_AT_A_TIME = 5000
/** COPY takes the lifetime along. */
const COPY = `
  for i = tonumber(ARGV[3]), tonumber(ARGV[4]) do redis.call('COPY', KEYS[1], ARGV[1] .. i .. ARGV[2]) end
  return redis.call('DBSIZE')`

/** So many copies of an entry under keys of this category, as the service would name them; those that are there stay. Resolves with the keys there are. */
export async function fillRedis(
  { client }: RedisServer,
  { redisKey, before, behind }: StoredEntry,
  category: string,
  count: number,
): Promise<number> {
  let keys = 0
  for (let first = 1; first <= count; first += COPIES_AT_A_TIME) {
    const last = Math.min(count, first + COPIES_AT_A_TIME - 1)
    const name = `${before}${category}:latest:limit=20&offset=`
    keys = (await client.eval(COPY, 1, redisKey, name, behind, first, last)) as number
  }
  return keys
}
