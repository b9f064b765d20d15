// What capacity is planned by: memory for a thousand entries, in the service and in Redis, and Redis commands for an answer. Reported, held against nothing.
import { readFileSync } from 'node:fs'
import type { Comparison } from './compare.ts'
import { fill, LASTING } from './hits.ts'
import { startServer, type Server } from './processes.ts'
import { startRedis, type RedisServer } from './redis.ts'

const ENTRIES = 1000
const MIB = 2 ** 20

interface Stats {
  cache: {
    memory_cache_bytes: number
    redis: { commands: { sent: number } }
  }
}

export async function sizing(databaseUrl: string): Promise<Comparison[]> {
  const redis = await startRedis()
  const settings = { DATABASE_URL: databaseUrl, REDIS_URL: redis.url, LOG_LEVEL: 'warn', ...LASTING }
  const [service, memoryless] = [
    await startServer(['dist/server.js'], settings),
    await startServer(['dist/server.js'], { ...settings, CACHE_MEMORY_MAX_MB: '0' }),
  ]
  const before = { ...(await state(service, redis)), resident: residentBytes(service) }
  const targets = await fill(service, ENTRIES)
  const kilobytes = targets.reduce((total, { length = 0 }) => total + length, 0) / ENTRIES / 1000
  const filled = { ...(await state(service, redis)), resident: residentBytes(service) }
  await askAll(service, targets)
  const hit = await state(service, redis)
  const beforeRedisHits = await state(memoryless, redis)
  await askAll(memoryless, targets)
  const redisHits = await state(memoryless, redis)
  await service.stop()
  await memoryless.stop()
  await redis.stop()
  const entries = `${ENTRIES.toLocaleString('en')} entries of ${kilobytes.toFixed(1)} kB`
  const figure = (name: string, value: number, unit: string): Comparison => ({
    name,
    against: null,
    unit,
    ours: value,
    yardstick: null,
    ratio: null,
    bound: null,
  })
  return [
    figure(`memory tier: ${entries}`, filled.memory / MIB, 'MiB'),
    figure(
      'resident memory of the process beside that',
      (filled.resident - before.resident) / MIB,
      'MiB more',
    ),
    figure(`Redis: ${entries}, in no coding`, (filled.redis - before.redis) / MIB, 'MiB'),
    figure('Redis commands for a miss', (filled.commands - before.commands) / ENTRIES, 'a miss'),
    figure('Redis commands for a hit in memory', (hit.commands - filled.commands) / ENTRIES, 'a hit'),
    figure(
      'Redis commands for a hit in Redis',
      (redisHits.commands - beforeRedisHits.commands) / ENTRIES,
      'a hit',
    ),
  ]
}

async function state(
  server: Server,
  { client }: RedisServer,
): Promise<{ memory: number; commands: number; redis: number }> {
  const { cache } = (await (await fetch(`${server.url}/cache/stats`)).json()) as Stats
  const [, used = ''] = /used_memory_dataset:(\d+)/.exec(await client.info('memory')) ?? []
  return { memory: cache.memory_cache_bytes, commands: cache.redis.commands.sent, redis: Number(used) }
}

async function askAll(server: Server, targets: { path: string }[]): Promise<void> {
  let others = 0
  for (const { path } of targets) {
    const response = await fetch(server.url + path, { headers: { 'accept-encoding': 'identity' } })
    await response.arrayBuffer()
    if (response.headers.get('x-cache') !== 'HIT') others += 1
  }
  // One that Redis had no time for changes no figure here.
  if (others > ENTRIES / 100) throw new Error(`${others} were no hits`)
}

/** Where the system tells; else NaN. */
function residentBytes({ pid }: Server): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}
