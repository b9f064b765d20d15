// A clear by tag with a million keys in Redis: what it costs must not depend on how many entries it voids.
import { median, type Comparison } from './compare.ts'
import { fill, LASTING } from './hits.ts'
import { startServer } from './processes.ts'
import { fillRedis, startRedis, storeSample } from './redis.ts'

const KEYS = 1_000_000
const CLEARS = 20
const PATH = '/cache/clear?tag=dataset:media'

export async function clearByTag(databaseUrl: string): Promise<Comparison> {
  const redis = await startRedis()
  const ours = await startServer(['dist/server.js'], {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    LOG_LEVEL: 'warn',
    ...LASTING,
  })
  await fillRedis(redis, await storeSample(ours, redis), 'media', KEYS)
  const times: number[] = []
  for (let index = 0; index < CLEARS; index += 1) {
    // Something it is there for, in memory and in Redis.
    const [target] = await fill(ours, 1)
    const started = performance.now()
    const response = await fetch(ours.url + PATH, { method: 'DELETE' })
    const answer = await response.text()
    times.push(performance.now() - started)
    if (!response.ok) throw new Error(`DELETE ${PATH} was answered ${response.status}: ${answer}`)
    const after = await fetch(ours.url + target!.path)
    await after.arrayBuffer()
    if (after.headers.get('x-cache') !== 'MISS') throw new Error('the clear by tag did not clear')
  }
  await ours.stop()
  await redis.stop()
  return {
    name: `clear by tag, ${KEYS.toLocaleString('en')} keys in Redis`,
    against: null,
    unit: 'ms',
    ours: median(times),
    yardstick: null,
    ratio: null,
    bound: { atMost: 20 },
    note: `median of ${CLEARS}, the slowest ${Math.max(...times).toFixed(1)} ms`,
  }
}
