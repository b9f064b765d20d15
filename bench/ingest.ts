// Ingestion of articles over HTTP: against `psql \copy` of the same file into a table with the same indexes.
import { spawnSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { text } from 'node:stream/consumers'
import { openPool } from '../src/db/client.ts'
import { compare, type Comparison, type Measured } from './compare.ts'
import { startServer, type Server } from './processes.ts'

const ROWS = 200_000
/** Each writes and indexes all rows anew, twice. */
const PAIRS = 3
const COLUMNS = ['source', 'title', 'url', 'summary', 'published_at', 'sentiment_score', 'sentiment_label']
const SOURCES = 10
/** Each a statement of its own: VACUUM takes part in no transaction. */
const EMPTY = [
  "delete from media_articles where source like 'bench-%'",
  'vacuum analyze media_articles',
  'truncate copied_articles',
  'checkpoint',
]

export async function ingest(databaseUrl: string): Promise<Comparison> {
  const folder = await mkdtemp(path.join(tmpdir(), 'barometer-ingest-'))
  const file = path.join(folder, 'articles.csv')
  await writeArticles(file)
  const sql = openPool(databaseUrl, { max: 1 })
  // The same columns, defaults, checks and indexes, filled by nobody else.
  await sql`create table copied_articles (like media_articles including all)`
  const ours = await startServer(['dist/server.js'], { DATABASE_URL: databaseUrl, LOG_LEVEL: 'warn' })
  const measured = await compare(PAIRS, {
    ours: async () => {
      for (const statement of EMPTY) await sql.unsafe(statement)
      const started = performance.now()
      await post(ours, file)
      return rowsPerSecond(performance.now() - started)
    },
    yardstick: async () => {
      for (const statement of EMPTY) await sql.unsafe(statement)
      const started = performance.now()
      copy(databaseUrl, file)
      return rowsPerSecond(performance.now() - started)
    },
  })
  for (const statement of EMPTY) await sql.unsafe(statement)
  await sql`drop table copied_articles`
  await sql.end()
  await ours.stop()
  await rm(folder, { recursive: true, force: true })
  return {
    name: `ingestion of ${ROWS.toLocaleString('en')} articles as CSV`,
    against: '`psql \\copy` of the same file into a table with the same indexes',
    unit: 'rows/s',
    ...measured,
    bound: { atLeast: 0.4 },
    note: `${PAIRS} pairs`,
  }
}

async function writeArticles(file: string): Promise<void> {
  const handle = await open(file, 'w')
  await handle.write(`${COLUMNS.join(',')}\n`)
  for (let from = 0; from < ROWS; from += 1000) {
    const lines = Array.from({ length: 1000 }, (_, index) => {
      const number = from + index
      const published = new Date(Date.UTC(2000, 0, 1) + number * 600_000).toISOString()
      // Some values have to be quoted, as titles have to.
      return `bench-${number % SOURCES},"Title, number ${number}",https://bench.example/${number},${'summary '.repeat(10)},${published},0.5,positive\n`
    })
    await handle.write(lines.join(''))
  }
  await handle.close()
}

/** @throws Error when not every row was new. */
async function post({ url }: Server, file: string): Promise<void> {
  const headers = { 'content-type': 'text/csv' }
  const sent = request(`${url}/api/v1/ingest/articles`, { method: 'POST', headers })
  const answer = new Promise<string>((resolve, reject) => {
    sent.on('error', reject).on('response', (response) => void text(response).then(resolve, reject))
  })
  await pipeline(createReadStream(file), sent)
  const { inserted } = JSON.parse(await answer) as { inserted?: number }
  if (inserted !== ROWS) throw new Error(`not ${ROWS} rows were ingested: ${await answer}`)
}

function copy(databaseUrl: string, file: string): void {
  const command = `\\copy copied_articles (${COLUMNS.join(', ')}) from '${file}' with (format csv, header)`
  const { status, stderr } = spawnSync('psql', [databaseUrl, '-q', '-c', command], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`psql: ${stderr}`)
}

function rowsPerSecond(ms: number): Measured {
  return { value: ROWS / (ms / 1000) }
}
