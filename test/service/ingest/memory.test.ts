// A body of any size passes through constant memory of the service, packed or not.
import { readFileSync } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import t from 'tap'
import { article, ndjson } from '../../support/loading.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startServiceProcess } from '../../support/processes.ts'
import { createDatabase } from '../../support/databases.ts'
import { ARTICLES, GZIP, ingest, NDJSON } from '../../support/ingestion.ts'
import { sizeOf } from '../../support/sizes.ts'

const MEGABYTE = 1_000_000
const SIZE = sizeOf('INGESTED_MB') * MEGABYTE
const A_CHUNK = 250
const AN_ARTICLE = 5200
const COUNT = Math.round(SIZE / (A_CHUNK * AN_ARTICLE)) * A_CHUNK
/** The body is larger by far; what a garbage collector leaves lying about is not. */
const GROWTH_LIMIT = 100 * MEGABYTE
const CONTENT = 'The index closed 1.2 % higher than the session before. '.repeat(92)

/** Of a process, in bytes. */
function residentOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

const skip = process.platform === 'linux' ? false : 'memory of another process is read from /proc'
t.test(`${COUNT} articles, as they are and packed`, { skip }, async (t) => {
  const postgres = await sharedPostgres(t)
  const service = await startServiceProcess(t, {
    DATABASE_URL: await createDatabase(postgres),
    // How much a machine can do is another matter.
    PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0',
  })
  for (const packed of [false, true]) {
    let bytes = 0
    const samples: number[] = []
    function* chunks(): Generator<Buffer> {
      for (let from = 0; from < COUNT; from += A_CHUNK) {
        const rows = Array.from({ length: A_CHUNK }, (_, index) =>
          article(from + index, { content: CONTENT }),
        )
        const chunk = Buffer.from(ndjson(rows))
        bytes += chunk.length
        if (from % (10 * A_CHUNK) === 0) samples.push(residentOf(service.pid))
        yield chunk
      }
    }
    const body = Readable.from(chunks(), { objectMode: false, highWaterMark: MEGABYTE })
    const sent = packed ? pipeline(body, createGzip({ level: 1 }), () => undefined) : body
    const report = await ingest(service, ARTICLES, packed ? { ...NDJSON, ...GZIP } : NDJSON, sent)
    t.match(report, { read: COUNT, rejected: 0, [packed ? 'unchanged' : 'inserted']: COUNT })
    samples.push(residentOf(service.pid))
    // What the first tenth took is what it takes to work at all.
    const warm = samples[Math.ceil(samples.length / 10)] ?? 0
    const growth = Math.max(...samples) - warm
    t.comment(
      `${Math.round(bytes / MEGABYTE)} MB: ${Math.round(warm / MEGABYTE)} MB resident, then +${Math.round(growth / MEGABYTE)} MB; ${report.took_ms} ms`,
    )
    t.ok(bytes > 0.95 * SIZE && growth < GROWTH_LIMIT, `+${growth} bytes`)
  }
})
