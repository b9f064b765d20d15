// Data that comes in while answers are asked for: how many of these are answered fresh from the cache all the same, and how late the latest are.
import { openPool } from '../src/db/client.ts'
import { compare, median, type Comparison, type Measured } from './compare.ts'
import { latencyAt } from './hits.ts'
import { startServer, type Server } from './processes.ts'
import { startRedis } from './redis.ts'

const SYMBOLS = Array.from({ length: 10 }, (_, index) => `WARM${index}`)
const LISTS_A_SYMBOL = 20
const SESSIONS = 500
const REQUESTS_PER_SECOND = 500
const SECONDS = 20
/** Each touches the answers of one symbol: a tenth. */
const INGESTION_EVERY_MS = 5000
const BARS_AN_INGESTION = 20
const PAIRS = 3

const TARGETS = SYMBOLS.flatMap((symbol) =>
  Array.from({ length: LISTS_A_SYMBOL }, (_, index) => ({
    path: `/api/v1/volume?symbol=${symbol}&limit=${20 + index}`,
  })),
)

export async function warm(databaseUrl: string): Promise<Comparison[]> {
  const redis = await startRedis()
  const ours = await startServer(['dist/server.js'], {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    LOG_LEVEL: 'warn',
  })
  const shares: number[] = []
  for (const symbol of SYMBOLS) {
    await put(ours, symbol)
    await ingest(ours, symbol, SESSIONS)
  }
  const measured = await compare(PAIRS, {
    ours: async () => {
      let ingestions = 0
      const timer = setInterval(() => {
        ingest(ours, SYMBOLS[ingestions++ % SYMBOLS.length]!, BARS_AN_INGESTION).catch((error: unknown) => {
          console.error(error)
          process.exitCode = 1
        })
      }, INGESTION_EVERY_MS)
      const before = await lookUps(ours)
      const figure = await p99(ours)
      clearInterval(timer)
      const after = await lookUps(ours)
      const fresh = after.hits - before.hits
      shares.push(fresh / (fresh + after.misses - before.misses))
      console.error(`  ${ingestions} ingestions, fresh from the cache: ${shares.at(-1)!.toFixed(4)}`)
      return figure
    },
    yardstick: () => p99(ours),
  })
  await ours.stop()
  await redis.stop()
  const sql = openPool(databaseUrl, { max: 1 })
  await sql`delete from daily_bars where instrument_id in (select id from instruments where symbol like 'WARM%')`
  await sql`delete from instruments where symbol like 'WARM%'`
  await sql.end()
  const what = `${REQUESTS_PER_SECOND} requests a second over ${TARGETS.length} URLs, an ingestion every ${INGESTION_EVERY_MS / 1000} s that touches a tenth`
  return [
    {
      name: `${what}: answered fresh from the cache`,
      against: null,
      unit: 'of all',
      ours: median(shares),
      yardstick: null,
      ratio: null,
      bound: { atLeast: 0.98 },
    },
    { name: 'p99 of these', against: 'without ingestion', unit: 'ms', ...measured, bound: { atMost: 2 } },
  ]
}

async function p99(server: Server): Promise<Measured> {
  const until = { kind: 'seconds', seconds: SECONDS } as const
  return { value: (await latencyAt(server, { targets: TARGETS, rate: REQUESTS_PER_SECOND, until })).p99 }
}

async function put(server: Server, symbol: string): Promise<void> {
  await send(server, 'PUT', `/api/v1/instruments/${symbol}`, 'application/json', {
    name: symbol,
    kind: 'equity',
  })
}

/** So many sessions of a symbol, each time with other volumes. */
async function ingest(server: Server, symbol: string, sessions: number): Promise<void> {
  const bars = Array.from({ length: sessions }, (_, index) => ({
    date: new Date(Date.UTC(2020, 0, 1 + index)).toISOString().slice(0, 10),
    open: 10,
    high: 12,
    low: 9,
    close: 11,
    volume: Math.floor(Math.random() * 1e9),
  }))
  await send(server, 'POST', `/api/v1/ingest/bars?symbol=${symbol}`, 'application/json', bars)
}

async function send(server: Server, method: string, path: string, type: string, body: object): Promise<void> {
  const response = await fetch(server.url + path, {
    method,
    headers: { 'content-type': type },
    body: JSON.stringify(body),
  })
  if (!response.ok)
    throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`)
  await response.arrayBuffer()
}

async function lookUps(server: Server): Promise<{ hits: number; misses: number }> {
  const response = await fetch(`${server.url}/cache/stats`)
  const { cache } = (await response.json()) as { cache: { hits: number; misses: number } }
  return cache
}
