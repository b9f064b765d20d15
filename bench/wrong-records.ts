// Hits while somebody ingests millions of short wrong records: they share the event loop with the reading of these.
import { gzipSync } from 'node:zlib'
import { compare, median, type Comparison } from './compare.ts'
import { fill, latencyAt, LASTING } from './hits.ts'
import { startServer, type Server } from './processes.ts'

const RECORDS = 2_000_000
const HITS_PER_SECOND = 500
const SECONDS = 5
const URLS = 50
const PAIRS = 3

interface Body {
  name: string
  bytes: Buffer
  headers: Record<string, string>
}

export async function wrongRecords(databaseUrl: string): Promise<Comparison[]> {
  const ours = await startServer(['dist/server.js'], {
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'warn',
    ...LASTING,
    // What is measured is how long hits wait, and not what is refused then.
    PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0',
  })
  const targets = await fill(ours, URLS)
  const plain = Buffer.from('{}\n'.repeat(RECORDS))
  const packed = gzipSync(plain)
  const bodies: Body[] = [
    { name: 'as they are', bytes: plain, headers: {} },
    {
      name: `in ${(packed.length / 1000).toFixed(1)} kB of gzip`,
      bytes: packed,
      headers: { 'content-encoding': 'gzip' },
    },
  ]
  const results: Comparison[] = []
  for (const body of bodies) results.push(...(await measure(ours, targets, body)))
  await ours.stop()
  return results
}

async function measure(ours: Server, targets: { path: string }[], body: Body): Promise<Comparison[]> {
  const longest: Record<'ours' | 'yardstick', number[]> = { ours: [], yardstick: [] }
  const hits = async (side: 'ours' | 'yardstick') => {
    const until = { kind: 'seconds', seconds: SECONDS } as const
    const { p50, max } = await latencyAt(ours, { targets, rate: HITS_PER_SECOND, until })
    longest[side].push(max)
    return { value: p50 }
  }
  const measured = await compare(PAIRS, {
    ours: async () => {
      let isOver = false
      const sending = (async () => {
        while (!(isOver as boolean)) await post(ours, body)
      })()
      const figure = await hits('ours')
      isOver = true
      await sending
      return figure
    },
    yardstick: () => hits('yardstick'),
  })
  const name = `${HITS_PER_SECOND} hits a second while ${RECORDS.toLocaleString('en')} records \`{}\` are ingested, ${body.name}`
  const against = 'without ingestion'
  const [beside, alone] = [median(longest.ours), median(longest.yardstick)]
  return [
    { name: `p50 of ${name}`, against, unit: 'ms', ...measured, bound: { atMost: 2, orMore: 5 } },
    {
      name: 'the longest of these',
      against,
      unit: 'ms',
      ours: beside,
      yardstick: alone,
      ratio: beside / alone,
      bound: null,
    },
  ]
}

/** @throws Error when not every record was read and rejected. */
async function post({ url }: Server, { bytes, headers }: Body): Promise<void> {
  const response = await fetch(`${url}/api/v1/ingest/articles?dry_run=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...headers },
    body: new Uint8Array(bytes),
  })
  const text = await response.text()
  const { rejected } = JSON.parse(text) as { rejected?: number }
  if (rejected !== RECORDS) throw new Error(`${response.status}: ${text.slice(0, 300)}`)
}
