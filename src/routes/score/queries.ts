// Scores in SQL.
import { sql } from 'drizzle-orm'
import type { Database } from '../../db/client.ts'
import { instrumentId, requireInstrument } from '../../db/instruments.ts'
import { loadPage, type KeysetSource } from '../../db/keyset.ts'
import type { Range } from '../../http/range.ts'
import { round2 } from '../../http/schemas.ts'
import { defineList, type ListPage, type PageRequest } from '../../pagination/index.ts'
import { Problem } from '../../problems.ts'
import { COMPONENTS, labelOf, type ComponentName } from '../../score/method.ts'
import type { Score } from './schema.ts'

export const scoreList = defineList({
  name: 'score',
  keys: [{ column: 'as_of', kind: 'date' }],
})

type SnapshotRow = Record<ComponentName, number | null> & { as_of: string; score: number; coverage: number }

const columns = sql<SnapshotRow>`s.as_of, s.score, s.coverage, s.momentum, s.price_strength, s.volume, s.volatility, s.equity_vs_bonds, s.media_sentiment`

const snapshots: KeysetSource<SnapshotRow> = {
  from: sql`score_snapshots s`,
  columns,
  filters: [sql`s.instrument_id = ${instrumentId(sql.placeholder('symbol'))}`],
  keys: { as_of: sql`s.as_of` },
}

export async function loadScores(
  database: Database,
  symbol: string,
  range: Range,
  page: PageRequest,
): Promise<ListPage<Score>> {
  const given = { range, values: { symbol } }
  const result = await loadPage(database, snapshots, page, (row) => toScore(symbol, row), given)
  if (result.envelope.count === 0) await requireInstrument(database, symbol)
  return result
}

/** @throws Problem unknown_symbol, or no_score where the history is too short for one. */
export async function loadLatestScore(database: Database, symbol: string): Promise<Score> {
  const [row] = await database.rows<SnapshotRow>(sql`
    select ${columns} from score_snapshots s where s.instrument_id = ${instrumentId(symbol)} order by s.as_of desc limit 1`)
  if (row !== undefined) return toScore(symbol, row)
  await requireInstrument(database, symbol)
  throw new Problem(
    'no_score',
    `there is no score of ${symbol}: its history is too short, or it is not an index`,
  )
}

function toScore(symbol: string, row: SnapshotRow): Score {
  const components = COMPONENTS.map(({ name }) => [name, row[name] === null ? null : round2(row[name])])
  return {
    as_of: row.as_of,
    symbol,
    score: round2(row.score),
    label: labelOf(row.score),
    coverage: row.coverage,
    components: Object.fromEntries(components) as Score['components'],
  }
}
