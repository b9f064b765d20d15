// A file of any size passes through constant memory.
import { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { readLines } from '../../../src/loading/lines.ts'
import { article, collect, ndjson, startLoadingDatabase } from '../../support/loading.ts'
import { sizeOf } from '../../support/sizes.ts'

const MEGABYTE = 1_000_000
const SIZE = sizeOf('LOADED_MB') * MEGABYTE
const ARTICLES_A_CHUNK = 100
const AN_ARTICLE = 2900
const ARTICLES = Math.round(SIZE / (ARTICLES_A_CHUNK * AN_ARTICLE)) * ARTICLES_A_CHUNK
const SAMPLE_EVERY = 10 * MEGABYTE
/** Of what is alive: two batches in flight and their change, whatever the size of the input. */
const LIVE_GROWTH_LIMIT = 12 * MEGABYTE
/** Of what the process holds, which is a garbage collector's decision; the input is larger than that. */
const RESIDENT_GROWTH_LIMIT = 100 * MEGABYTE

const CONTENT =
  'The index closed 1.2 % higher than the session before, on a volume above its monthly mean.\n'.repeat(30)

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function* chunks(): Generator<Buffer> {
  for (let from = 0; from < ARTICLES; from += ARTICLES_A_CHUNK) {
    const fields = { content: CONTENT, published_at: new Date(1e12 + from * 1e6).toISOString() }
    const values = Array.from({ length: ARTICLES_A_CHUNK }, (_, index) => article(from + index, fields))
    yield Buffer.from(ndjson(values))
  }
}

t.test(`${SIZE / MEGABYTE} MB of articles`, async (t) => {
  const database = await startLoadingDatabase(t)
  let bytes = 0
  const samples: { live: number; resident: number }[] = []
  const report = await database.articles(Readable.from(chunks()), {
    onProgress: (progress) => {
      bytes = progress.bytes
      if (bytes < (samples.length + 1) * SAMPLE_EVERY) return
      collectGarbage()
      const { heapUsed, external, rss } = process.memoryUsage()
      samples.push({ live: heapUsed + external, resident: rss })
    },
  })
  t.match(report, { read: ARTICLES, inserted: ARTICLES, rejected: 0 })
  t.ok(bytes > 0.95 * SIZE && samples.length >= 10, `${bytes} bytes read`)
  // What the first ten megabytes took is what it takes to work at all.
  const growthOf = (name: 'live' | 'resident') =>
    Math.max(...samples.map((sample) => sample[name])) - (samples[0]?.[name] ?? 0)
  t.comment(`live +${growthOf('live')} bytes, resident +${growthOf('resident')} bytes`)
  t.ok(growthOf('live') < LIVE_GROWTH_LIMIT)
  t.ok(growthOf('resident') < RESIDENT_GROWTH_LIMIT)
})

t.test('a line without an end is not collected', async (t) => {
  let held = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (let count = 0; count < 200; count++) {
      await Promise.resolve()
      yield Buffer.alloc(MEGABYTE, 'x')
    }
    collectGarbage()
    held = process.memoryUsage().arrayBuffers
  }
  t.match(await collect(readLines(endless())), [{ line: 1, reason: 'the line is longer than 1 MiB' }])
  t.ok(held < 20 * MEGABYTE, `${held} bytes held at the end of the input`)
})
