// The databases that the benchmarks read: the sample, and a million articles.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openDatabase, openPool } from '../src/db/client.ts'
import { openEmbeddedPostgres } from '../src/db/embedded/index.ts'
import { migrateDatabase } from '../src/db/migrate.ts'
import { fillWithSample } from '../src/sample.ts'

export const ARTICLES = 1_000_000

export interface Databases {
  /** Process id of the PostgreSQL server; each connection's process is born where that one runs. */
  pid: number
  sample: string
  million: () => Promise<string>
  stop(): Promise<void>
}

export async function openDatabases(): Promise<Databases> {
  const folder = await mkdtemp(path.join(tmpdir(), 'barometer-bench-'))
  const server = await openEmbeddedPostgres(folder, {
    settings: ['max_wal_size=4GB', 'shared_buffers=512MB'],
  })
  const create = async (name: string): Promise<string> => {
    const pool = openPool(server.url, { max: 1 })
    await pool.unsafe(`create database ${name}`)
    await pool.end()
    const url = new URL(server.url)
    url.pathname = `/${name}`
    await migrateDatabase(url.href)
    return url.href
  }
  const sample = await create('sample')
  const database = openDatabase({ url: sample, poolMax: 4, statementTimeoutMs: 60_000 })
  await fillWithSample(database, {}, { info: () => undefined })
  await database.close()
  return {
    pid: server.pid,
    sample,
    million: async () => {
      const url = await create('million')
      const pool = openPool(url, { max: 1 })
      await pool`insert into media_sources (code, name) select 'source-' || i, 'Source ' || i from generate_series(0, 9) i`
      // Four articles share a time.
      await pool`
        insert into media_articles (source, title, url, summary, content, published_at, sentiment_score, sentiment_label)
        select 'source-' || i % 10, 'Title ' || i, 'https://news.example/' || i, repeat('summary ', 10), repeat('content ', 30),
          timestamptz '2000-01-01T00:00:00Z' + i / 4 * interval '37 minutes', 0.5, 'positive'
        from generate_series(1, ${ARTICLES}::int) i`
      await pool`vacuum analyze`
      await pool.end()
      return url
    },
    stop: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
