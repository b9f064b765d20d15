// A clear of half a million of a million keys in Redis: against a plain script that does the same, and what it does to hits meanwhile.
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { compare, type Comparison, type Measured } from './compare.ts'
import { fill, LASTING, latencyAt } from './hits.ts'
import { run, SERVER_CORE, startServer, type Server } from './processes.ts'
import { fillRedis, startRedis, storeSample } from './redis.ts'

const KEYS = 1_000_000
const CLEARED = KEYS / 2
const PATH = '/cache/clear?pattern=volume:*'
const HITS_PER_SECOND = 5000
const SECONDS_BEFORE = 5
/** Each needs half a million keys anew, twice. */
const CLEAR_PAIRS = 3

export async function clear(databaseUrl: string): Promise<Comparison[]> {
  const redis = await startRedis()
  const ours = await startServer(['dist/server.js'], {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    LOG_LEVEL: 'warn',
    ...LASTING,
  })
  const targets = await fill(ours)
  const entry = await storeSample(ours, redis)
  await fillRedis(redis, entry, 'media', KEYS - CLEARED)
  const refill = () => fillRedis(redis, entry, 'volume', CLEARED)

  const cleared = await compare(CLEAR_PAIRS, {
    ours: async () => {
      await refill()
      const started = performance.now()
      const response = await fetch(ours.url + PATH, { method: 'DELETE' })
      const answer = await response.text()
      return keysPerSecond(deletedOf(answer), performance.now() - started)
    },
    yardstick: async () => {
      await refill()
      return scanAndUnlink(redis.url, `${entry.before}volume:*`)
    },
  })
  const latencies = await compare(CLEAR_PAIRS, {
    ours: async () => {
      await refill()
      const until = { kind: 'answer', method: 'DELETE', path: PATH } as const
      const { p99, meanwhile = '' } = await latencyAt(ours, { targets, rate: HITS_PER_SECOND, until })
      deletedOf(meanwhile)
      return { value: p99 }
    },
    yardstick: () => quiet(ours, targets),
  })
  await ours.stop()
  await redis.stop()
  const what = `clear of ${CLEARED.toLocaleString('en')} of ${KEYS.toLocaleString('en')} keys`
  const note = `${CLEAR_PAIRS} pairs`
  return [
    {
      name: `${what}, to the end of the sweep`,
      against: 'SCAN COUNT 1000 and UNLINK in a plain script',
      unit: 'keys/s',
      ...cleared,
      bound: { atLeast: 1 },
      note,
    },
    {
      name: `p99 of hits at ${HITS_PER_SECOND.toLocaleString('en')} a second during it`,
      against: 'before it',
      unit: 'ms',
      ...latencies,
      bound: { atMost: 2, orMore: 2 },
      note,
    },
  ]
}

async function quiet(server: Server, targets: Parameters<typeof latencyAt>[1]['targets']): Promise<Measured> {
  const until = { kind: 'seconds', seconds: SECONDS_BEFORE } as const
  return { value: (await latencyAt(server, { targets, rate: HITS_PER_SECOND, until })).p99 }
}

/** @throws Error when the service did not clear what there was to clear. */
function deletedOf(answer: string): number {
  const { deleted } = JSON.parse(answer) as { deleted?: number }
  if (deleted !== CLEARED) throw new Error(`the clear did not delete ${CLEARED} keys: ${answer}`)
  return deleted
}

async function scanAndUnlink(url: string, pattern: string): Promise<Measured> {
  const script = ['--import=tsx', 'bench/scan-and-unlink.ts', url, pattern]
  const child = run([process.execPath, ...script], SERVER_CORE)
  const [printed] = await Promise.all([text(child.stdout!), once(child, 'close')])
  const { removed, ms } = JSON.parse(printed) as { removed: number; ms: number }
  if (removed !== CLEARED) throw new Error(`the plain script removed ${removed} keys`)
  return keysPerSecond(removed, ms)
}

function keysPerSecond(keys: number, ms: number): Measured {
  return { value: keys / (ms / 1000) }
}
