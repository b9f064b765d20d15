// Continuous, bounded load on the read routes, which notes what every request got and how long it took.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { TestService } from './service.ts'
import { until } from './until.ts'

/** Different keys, so that some are always being looked up; in a Cluster, of all its masters (numbers in a row are of one). */
const PATHS = Array.from(
  { length: 20 },
  (_, index) => `/api/v1/media/latest?offset=${(index * 7919) % 100_000}`,
)
const WORKERS = 4
/** Between two requests of a worker: the load must leave the machine to the servers under test. */
const PAUSE_MS = 2

export interface Traffic {
  /** Requests answered so far, and the longest any took. */
  readonly requests: number
  readonly slowestMs: number
  /** What was answered other than 200; empty when all is well. */
  readonly failures: string[]
  /** Resolves when so many further requests have been answered. */
  more(requests: number): Promise<void>
  stop: () => Promise<void>
}

export function startTraffic(t: Test, service: TestService): Traffic {
  const failures: string[] = []
  let requests = 0
  let slowestMs = 0
  let stopped = false
  /** Each asks for all in turn. By one counter for all, those who share a load would go on in step, and ask for each fourth alone. */
  const work = async (first: number): Promise<void> => {
    for (let index = first; !stopped; index++) {
      const path = PATHS[index % PATHS.length]!
      const began = performance.now()
      try {
        const response = await service.get(path)
        const { data } = (await response.json()) as { data?: unknown }
        if (response.status !== 200 || !Array.isArray(data)) failures.push(`${path}: ${response.status}`)
      } catch (error) {
        failures.push(`${path}: ${String(error)}`)
      }
      requests++
      slowestMs = Math.max(slowestMs, performance.now() - began)
      await sleep(PAUSE_MS)
    }
  }
  const workers = Array.from({ length: WORKERS }, (_, worker) => work((worker * PATHS.length) / WORKERS))
  const stop = async (): Promise<void> => {
    stopped = true
    await Promise.all(workers)
  }
  t.teardown(stop)
  return {
    get requests() {
      return requests
    },
    get slowestMs() {
      return slowestMs
    },
    failures,
    more: async (count) => {
      const goal = requests + count
      await until(`${goal} requests`, () => requests >= goal)
    },
    stop,
  }
}

export interface Stats {
  enabled: boolean
  status: string
  backend: string
  redis_connected: boolean
  redis_hits: number
  [name: string]: unknown
}

export async function statsOf(service: TestService): Promise<Stats> {
  const response = await service.get('/cache/stats')
  const { cache } = (await response.json()) as { cache: Stats }
  return cache
}

/** Resolves when Redis answers look-ups again; nobody but the traffic asks for that. */
export async function redisIsUsed(service: TestService): Promise<void> {
  const { redis_hits: before } = await statsOf(service)
  await until(
    'hits in Redis',
    () => statsOf(service),
    ({ status, redis_hits: hits }) => status === 'connected' && hits >= before + 10,
  )
}

/** What the log says of Redis, in order. */
export function redisLines({ log }: TestService): string[] {
  return log.filter(({ msg }) => msg.startsWith('Redis')).map(({ msg }) => msg.split(';')[0]!)
}
