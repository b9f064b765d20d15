// The yardstick of a clear, as a plain script: SCAN for a pattern, UNLINK what it finds. Arguments: the URL of Redis and the pattern.
import { Redis } from 'ioredis'

const [url = '', pattern = ''] = process.argv.slice(2)
const redis = new Redis(url)
await redis.ping()
const started = performance.now()
let removed = 0
let cursor = '0'
do {
  const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1000)
  if (keys.length > 0) removed += await redis.unlink(...keys)
  cursor = next
} while (cursor !== '0')
process.stdout.write(JSON.stringify({ removed, ms: performance.now() - started }))
redis.disconnect()
