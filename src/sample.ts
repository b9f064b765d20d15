// Fills a fresh embedded database with the sample data, so that the first start has something to serve.
import { createReadStream } from 'node:fs'
import { sql } from 'drizzle-orm'
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from './config.ts'
import type { Database } from './db/client.ts'
import { load } from './loading/load.ts'

const BARS = new URL('../sample/sp500-daily-2000-2020.csv', import.meta.url)
const ARTICLES = new URL('../sample/articles.ndjson', import.meta.url)
const SYMBOL = '^GSPC'

/** Loads the sample where there are neither instruments nor articles of anybody's own. */
export async function fillWithSample(
  database: Database,
  config: Pick<Config, 'BOND_SYMBOL'>,
  log: Pick<FastifyBaseLogger, 'info'>,
): Promise<void> {
  // A first start that was cut off between the two loads left sample articles, all on hosts of the reserved domain .example.
  const [state] = await database.rows<{ fresh: boolean }>(sql`
    select not exists (select from instruments)
      and not exists (select from media_articles where url not like 'https://%.example/%') as fresh`)
  if (state?.fresh !== true) return
  const common = { pool: database.pool, bondSymbol: config.BOND_SYMBOL }
  const articles = await load({
    ...common,
    kind: 'articles',
    leavesScores: true,
    input: createReadStream(ARTICLES),
  })
  // Bars last: after them the scores are computed, which the articles are part of.
  const bars = await load({
    ...common,
    kind: 'bars',
    symbol: SYMBOL,
    name: 'S&P 500',
    instrumentKind: 'index',
    input: createReadStream(BARS),
  })
  log.info(
    `sample data loaded: ${bars.inserted} sessions, ${bars.scoresChanged ?? 0} scores, ${articles.inserted} articles`,
  )
}
