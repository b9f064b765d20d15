// Articles without a score that are there at a start are analysed while readers are answered: what these notice of it.
import { openPool } from '../src/db/client.ts'
import { compare, type Comparison, type Measured } from './compare.ts'
import { fill, latencyAt, LASTING } from './hits.ts'
import { startServer } from './processes.ts'

const BACKLOG = 100_000
const URLS = 100
const REQUESTS_PER_SECOND = 500
const SECONDS = 20
const PAIRS = 3

export async function backlog(databaseUrl: string): Promise<Comparison> {
  const sql = openPool(databaseUrl, { max: 1 })
  await sql`insert into media_sources (code, name) select 'backlog-' || i, 'Backlog ' || i from generate_series(0, 9) i`
  await sql`
    insert into media_articles (source, title, url, summary, published_at)
    select 'backlog-' || i % 10, 'Shares of company ' || i || ' fall after profit warning', 'https://backlog.example/' || i,
      repeat('Unemployment fell slightly in March, but the outlook is not good. ', 4), timestamptz '2000-01-01' + i * interval '1 hour'
    from generate_series(1, ${BACKLOG}::int) i`
  const measure = async (analyser: 'lexicon' | 'off'): Promise<Measured> => {
    await sql`update media_articles set sentiment_score = null, sentiment_label = null, sentiment_by = null where source like 'backlog-%'`
    await sql`vacuum analyze media_articles`
    const server = await startServer(['dist/server.js'], {
      ...LASTING,
      DATABASE_URL: databaseUrl,
      LOG_LEVEL: 'warn',
      ANALYSE_ARTICLES: analyser,
    })
    const targets = await fill(server, URLS)
    const until = { kind: 'seconds', seconds: SECONDS } as const
    const { p99 } = await latencyAt(server, {
      // Lengths change with the scores.
      targets: targets.map(({ path }) => ({ path })),
      rate: REQUESTS_PER_SECOND,
      until,
    })
    await server.stop()
    const [left] = await sql<
      { count: number }[]
    >`select count(*)::int as count from media_articles where sentiment_score is null`
    console.error(`  ${analyser}: ${left?.count} left, p99 ${p99.toFixed(1)} ms`)
    return { value: p99 }
  }
  const measured = await compare(PAIRS, { ours: () => measure('lexicon'), yardstick: () => measure('off') })
  await sql`delete from media_articles where source like 'backlog-%'`
  await sql`delete from media_sources where code like 'backlog-%'`
  await sql.end()
  return {
    name: `p99 of ${REQUESTS_PER_SECOND} requests a second over ${URLS} lists of articles, after a start with ${BACKLOG.toLocaleString('en')} articles to analyse`,
    against: 'with ANALYSE_ARTICLES=off',
    unit: 'ms',
    ...measured,
    bound: { atMost: 1.5 },
  }
}
