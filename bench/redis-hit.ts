// A hit in Redis, the memory tier off: against what is usually written, a GET, JSON.parse and an object to send.
import { compareByTurns, type Comparison } from './compare.ts'
import { fill, hitsPerSecond, LASTING, PLAIN, planOf } from './hits.ts'
import { throughput, type Target } from './load.ts'
import { startServer, type Server } from './processes.ts'
import { startRedis } from './redis.ts'

export async function redisHit(databaseUrl: string): Promise<Comparison[]> {
  const redis = await startRedis()
  const ours = await startServer(['dist/server.js'], {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    CACHE_MEMORY_MAX_MB: '0',
    LOG_LEVEL: 'warn',
    ...LASTING,
  })
  const bare = await startServer(['--import=tsx', 'bench/servers/bare.ts'], {
    BARE: 'redis',
    REDIS_URL: redis.url,
  })
  const targets = await fill(ours)
  for (const { path } of targets) {
    const response = await fetch(ours.url + path, PLAIN)
    // The yardstick takes the URL for its key.
    await redis.client.set(path, await response.text())
  }
  const rows: Comparison[] = []
  for (const coding of ['identity', 'gzip']) {
    const headers = { 'accept-encoding': coding }
    // What is asked for so is compressed then, and of another length.
    const asked = coding === 'identity' ? targets : targets.map(({ path }) => ({ path }))
    if (coding === 'gzip') await compressAll(ours, targets)
    const plan = { ...planOf(asked), headers }
    const measured = await compareByTurns({
      ours: () => hitsPerSecond(ours, plan),
      yardstick: () => throughput(bare, plan),
    })
    rows.push({
      name: `hit in Redis only, the same lists, to clients that take ${coding === 'gzip' ? 'gzip' : 'no coding'}`,
      against: 'a Fastify route with Redis GET, JSON.parse and an object to send',
      unit: 'requests/s',
      ...measured,
      bound: { atLeast: 2 },
    })
  }
  await Promise.all([ours.stop(), bare.stop()])
  await redis.stop()
  return rows
}

/** Until each is sent compressed. */
async function compressAll(server: Server, targets: Target[]): Promise<void> {
  for (const { path } of targets) {
    const deadline = Date.now() + 10_000
    for (let coding: string | null = null; coding !== 'gzip';) {
      if (Date.now() > deadline) throw new Error(`${path} is not compressed`)
      const response = await fetch(server.url + path)
      await response.arrayBuffer()
      coding = response.headers.get('content-encoding')
    }
  }
}
