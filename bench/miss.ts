// A miss: the whole way through the service, against the same statement in a bare Fastify route.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fillPlaceholders } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { Database } from '../src/db/client.ts'
import { readPage } from '../src/pagination/index.ts'
import { loadArticles, mediaList } from '../src/routes/media/queries.ts'
import { compareByTurns, type Comparison } from './compare.ts'
import type { Databases } from './database.ts'
import { throughput, type LoadPlan } from './load.ts'
import { LOAD_CORE, pin, SERVER_CORE, startServer } from './processes.ts'

const REQUESTS = 2000
const UNCOUNTED = 4
const CONNECTIONS = 10
/** Of which the service keeps a quarter for transactions; the yardstick gets as many for its statements as the service has. */
const POOL_MAX = 10
const STATEMENT_CONNECTIONS = POOL_MAX - Math.ceil(POOL_MAX / 4)

export async function miss({ sample: databaseUrl, pid }: Databases): Promise<Comparison> {
  // Else it takes turns with the service on its core, which costs whoever needs that more.
  pin(pid, LOAD_CORE)
  const folder = await mkdtemp(path.join(tmpdir(), 'barometer-bench-'))
  const file = path.join(folder, 'statement.json')
  await writeFile(file, JSON.stringify(await statement()))
  const common = { DATABASE_URL: databaseUrl, LOG_LEVEL: 'warn' }
  const ours = await startServer(['dist/server.js'], { ...common, DATABASE_POOL_MAX: String(POOL_MAX) })
  const bare = await startServer(['--import=tsx', 'bench/servers/bare.ts'], {
    ...common,
    BARE: 'sql',
    FILE: file,
    POOL_MAX: String(STATEMENT_CONNECTIONS),
  })
  let round = 0
  /** Each request asks for a moment that nobody asked for before. */
  const plan = (): LoadPlan => {
    round += 1
    const targets = Array.from({ length: REQUESTS }, (_, index) => {
      const micros = String(round * REQUESTS + index).padStart(6, '0')
      return { path: `/api/v1/media/latest?limit=20&to=2019-06-01T00:00:00.${micros}Z` }
    })
    return { targets, connections: CONNECTIONS, until: { kind: 'amount', requests: REQUESTS } }
  }
  // What comes first finds code that is not compiled yet.
  for (let turn = 0; turn < UNCOUNTED; turn += 1)
    for (const server of [ours, bare]) await throughput(server, plan())
  const measured = await compareByTurns({
    ours: () => throughput(ours, plan()),
    yardstick: () => throughput(bare, plan()),
  })
  await Promise.all([ours.stop(), bare.stop()])
  pin(pid, SERVER_CORE, LOAD_CORE)
  await rm(folder, { recursive: true })
  return {
    name: `miss: 20 articles, distinct keys, ${CONNECTIONS} connections`,
    against: 'the same statement by postgres.js in a bare Fastify route',
    unit: 'requests/s',
    ...measured,
    bound: { atLeast: 0.8 },
  }
}

/** The statement of such a page as the service makes it, and where its moment stands among the parameters. */
async function statement() {
  const to = '2019-06-01T00:00:00.123456Z'
  const filters = { source: undefined, sentiment: undefined, from: undefined, to }
  const page = readPage(mediaList, { limit: 20, order: 'desc' }, filters, { maxOffset: 0 })
  const asked: { text: string; parameters: unknown[] }[] = []
  const dialect = new PgDialect()
  const rows = (...[query, values = {}]: Parameters<Database['rows']>) => {
    const { sql: text, params } = dialect.sqlToQuery(query)
    asked.push({ text, parameters: fillPlaceholders(params, values) })
    return Promise.resolve([])
  }
  await loadArticles({ rows } as never, filters, page)
  const [first] = asked
  if (first === undefined) throw new Error('the list asks nothing')
  const varying = first.parameters.flatMap((value, index) => (value === to ? [index] : []))
  return { ...first, varying }
}
