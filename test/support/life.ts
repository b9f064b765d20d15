// One life of the cache engine, as in one process: its own memory, on a clear log and a Redis that outlive it.
import { Redis } from 'ioredis'
import type { Sql } from 'postgres'
import type { Test } from 'tap'
import { bodyOf, Cache, Guard, RedisTier, type Answer, type CacheOptions } from '../../src/cache/index.ts'
import { postgresClearLog } from '../../src/db/clear-log.ts'
import { openPool } from '../../src/db/client.ts'
import type { TestRedis } from './redis.ts'
import { gate, type Gate } from './gate.ts'
import { renewed } from './renewed.ts'

export const POLICY = { ttlSeconds: 300 }
export const STALE_SECONDS = 3600
const REDIS_LIMIT_MS = 500

export interface Life {
  cache: Cache
  pool: Sql
  /** What the cache complained of. */
  warnings: string[]
  /** Ends it as a process ends: whatever it has in memory is gone. */
  end: () => Promise<void>
}

export interface LifeOptions extends Partial<Omit<CacheOptions, 'redis'>> {
  database: string
  redis?: Pick<TestRedis, 'port'>
  prefix?: string
}

/** Ended with the test, if it is not before. */
export async function beginLife(t: Test, options: LifeOptions): Promise<Life> {
  const life = await openLife(options)
  t.teardown(life.end)
  return life
}

export async function openLife({ database, redis, prefix, ...options }: LifeOptions): Promise<Life> {
  const pool = openPool(database, { max: 5 })
  const client = redis === undefined ? null : await connect(redis)
  const warnings: string[] = []
  let ended: Promise<void> | undefined
  const end = (): Promise<void> =>
    (ended ??= (async () => {
      await (await opening.catch(() => null))?.close()
      client?.disconnect()
      await pool.end({ timeout: 0 })
    })())
  const opening = Cache.open({
    log: postgresClearLog(pool),
    redis: client === null ? null : new RedisTier(client, guardOf(client), prefix ?? 'test'),
    memoryMaxBytes: 16 * 1024 * 1024,
    entryMaxBytes: 1024 * 1024,
    staleSeconds: STALE_SECONDS,
    absentSeconds: 10,
    longestTtlSeconds: POLICY.ttlSeconds,
    onWarning: (message) => void warnings.push(message),
    ...options,
  })
  const cache = await opening.catch(async (error: unknown) => {
    await end()
    throw error
  })
  await renewed(cache)
  return { cache, pool, warnings, end }
}

async function connect({ port }: Pick<TestRedis, 'port'>): Promise<Redis> {
  const client = new Redis({
    port,
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => 20,
    disconnectTimeout: 100,
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

function guardOf(client: Redis): Guard {
  const ignore = (): void => undefined
  const guard = new Guard(
    {
      isReady: () => client.status === 'ready',
      probe: () => client.ping(),
      recycle: () => void client.stream.destroy(),
    },
    REDIS_LIMIT_MS,
    { away: ignore, back: ignore, refused: ignore },
  )
  client.on('ready', () => guard.connected())
  return guard
}

/** A load that says when it begins and ends when the test says so. */
export function gatedLoad(): {
  load: () => Promise<{ body: Buffer }>
  begun: Promise<void>
  end: Gate<string>
} {
  const begun = gate()
  const end = gate<string>()
  const load = async () => {
    begun.open()
    return { body: Buffer.from(await end.promise) }
  }
  return { load, begun: begun.promise, end }
}

/** A load that brings a body at once, and counts how often it ran. */
export function loadOf(body: string): { load: () => Promise<{ body: Buffer }>; readonly count: number } {
  let count = 0
  return {
    load: () => {
      count++
      return Promise.resolve({ body: Buffer.from(body) })
    },
    get count() {
      return count
    },
  }
}

export function failingLoad(): Promise<never> {
  return Promise.reject(new Error('no data'))
}

/** What a caller sees of an answer: `HIT memory: body`. */
export async function seen(answer: Answer | Promise<Answer>): Promise<string> {
  const { entry, outcome, tier } = await answer
  return `${outcome} ${tier}: ${bodyOf(entry).toString()}`
}
