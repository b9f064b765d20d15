// A migrated database and short ways to load into it.
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type postgres from 'postgres'
import type { Test } from 'tap'
import { openPool } from '../../src/db/client.ts'
import { migrateDatabase } from '../../src/db/migrate.ts'
import { load, type ArticleLoad, type BarLoad } from '../../src/loading/load.ts'
import type { LoadReport } from '../../src/loading/report.ts'
import { sharedPostgres, type SharedPostgres } from './postgres.ts'

export const SAMPLE_BARS = fileURLToPath(new URL('../../sample/sp500-daily-2000-2020.csv', import.meta.url))
export const SAMPLE_ARTICLES = fileURLToPath(new URL('../../sample/articles.ndjson', import.meta.url))

export interface LoadingDatabase<Server extends SharedPostgres = SharedPostgres> {
  server: Server
  pool: postgres.Sql
  bars: (input: Readable | string, options?: Partial<BarLoad>) => Promise<LoadReport>
  articles: (input: Readable | string | object[], options?: Partial<ArticleLoad>) => Promise<LoadReport>
  /** All tables away but for the schema. */
  empty(): Promise<void>
}

/** On the run's server, unless the test has one of its own. */
export async function startLoadingDatabase(t: Test): Promise<LoadingDatabase>
export async function startLoadingDatabase<Server extends SharedPostgres>(
  t: Test,
  server: Server,
): Promise<LoadingDatabase<Server>>
export async function startLoadingDatabase(t: Test, own?: SharedPostgres): Promise<LoadingDatabase> {
  const server = own ?? (await sharedPostgres(t))
  await migrateDatabase(server.url)
  const pool = openPool(server.url, { max: 3 })
  t.teardown(() => pool.end({ timeout: 0 }))
  return {
    server,
    pool,
    bars: (input, options = {}) =>
      load({ pool, kind: 'bars', symbol: '^GSPC', ...options, input: streamOf(input) }),
    articles: (input, options = {}) =>
      load({
        pool,
        kind: 'articles',
        ...options,
        input: streamOf(Array.isArray(input) ? ndjson(input) : input),
      }),
    empty: async () => {
      await pool`truncate instruments, daily_bars, media_sources, media_articles, score_snapshots
        restart identity cascade`
      // That was announced.
      await pool`truncate cache_clears, cache_members, score_state`
    },
  }
}

/** The bytes of a text; a text would otherwise be a stream of one string for each character. */
export function streamOf(input: Readable | string): Readable {
  return typeof input === 'string' ? Readable.from([Buffer.from(input)]) : input
}

export function fileStream(path: string): Readable {
  return createReadStream(path)
}

export function ndjson(values: object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('')
}

/** A correct article; the number makes its URL. */
export function article(number: number, fields: object = {}): object {
  return {
    source: 'harbor-wire',
    title: `Title ${number}`,
    url: `https://harbor-wire.example/${number}`,
    published_at: '2020-01-02T10:00:00Z',
    ...fields,
  }
}

export async function collect<T>(batches: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = []
  for await (const batch of batches) for (const item of batch) all.push(item)
  return all
}

/** Bytes cut into pieces of these sizes, over and over. */
export async function* chunksOf(bytes: Uint8Array, sizes: number[]): AsyncGenerator<Uint8Array> {
  let start = 0
  for (let turn = 0; start < bytes.length; turn++) {
    const end = start + (sizes[turn % sizes.length] ?? 1)
    // A turn of the loop between chunks, as a file or a socket has it.
    await Promise.resolve()
    yield bytes.subarray(start, end)
    start = end
  }
}
