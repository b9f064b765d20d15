// New databases on a test's server, migrated or filled: copies of templates where the server has them.
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { openPool } from '../../src/db/client.ts'
import { migrateDatabase } from '../../src/db/migrate.ts'
import { load } from '../../src/loading/load.ts'
import { scorePending } from '../../src/loading/pending-scores.ts'
import { articles } from './articles.ts'
import { newName, type SharedPostgres } from './postgres.ts'
import { ROOT } from './root.ts'

const SAMPLE_BARS = path.join(ROOT, 'sample/sp500-daily-2000-2020.csv')

/** An equity: so few sessions that there are no 7 of them, the first without volume, and never a score. */
const TINY_BARS = `date,open,high,low,close,volume
2020-04-14,10,12,9,10,0
2020-04-15,10,12,9,11,300
2020-04-17,11,12,9,9.9,100
`

/** Sessions on which nothing was traded. */
const STILL_BARS = `date,open,high,low,close,volume
2020-04-16,5,5,5,5,0
2020-04-17,5,5,5,5,0
`

type Server = Pick<SharedPostgres, 'url' | 'sql' | 'databases'>
const PREPARE = {
  test_template_migrated: migrateDatabase,
  test_template_filled: async (url: string) => {
    await migrateDatabase(url)
    await fill(url)
  },
}
type Template = keyof typeof PREPARE

/** A new, migrated database; its URL. */
export function createDatabase(postgres: Server): Promise<string> {
  return create(postgres, 'test_template_migrated')
}

/**
 * A new database with the sample's bars as ^GSPC, three bars of an equity TINY, two of STILL, the instrument EMPTY without any, the articles
 * of `articles.ts`, and the source `silent` without any, scores computed. Its URL.
 */
export function createFilledDatabase(postgres: Server): Promise<string> {
  return create(postgres, 'test_template_filled')
}

/** Makes the templates on a server of nobody else's. */
export async function createTemplates(postgres: Server): Promise<void> {
  for (const [name, prepare] of Object.entries(PREPARE)) {
    await postgres.sql.unsafe(`create database ${name}`)
    await prepare(urlOf(postgres, name))
  }
}

async function create(postgres: Server, template: Template): Promise<string> {
  const name = newName()
  const url = urlOf(postgres, name)
  postgres.databases.push(name)
  const [found] = await postgres.sql`select from pg_database where datname = ${template}`
  await postgres.sql.unsafe(`create database ${name}${found === undefined ? '' : ` template ${template}`}`)
  if (found === undefined) await PREPARE[template](url)
  return url
}

function urlOf({ url }: Server, database: string): string {
  const other = new URL(url)
  other.pathname = `/${database}`
  return other.href
}

async function fill(url: string): Promise<void> {
  const pool = openPool(url, { max: 1 })
  const lines = articles.map((article) => `${JSON.stringify(article)}\n`).join('')
  const bytes = (text: string): Readable => Readable.from([Buffer.from(text)])
  await load({ pool, kind: 'articles', input: bytes(lines) })
  await load({ pool, kind: 'bars', symbol: 'TINY', instrumentKind: 'equity', input: bytes(TINY_BARS) })
  await load({ pool, kind: 'bars', symbol: 'STILL', instrumentKind: 'equity', input: bytes(STILL_BARS) })
  await load({ pool, kind: 'bars', symbol: '^GSPC', input: createReadStream(SAMPLE_BARS) })
  await pool`insert into instruments (symbol, name, kind) values ('EMPTY', 'no bars', 'index')`
  await pool`insert into media_sources (code, name) values ('silent', 'no articles')`
  // Or each service that starts here would begin with that, and be late with all else.
  await scorePending({ pool, bondSymbol: undefined, insists: true })
  // postgres.js would otherwise keep the session until its idle limit.
  await pool.end()
}
