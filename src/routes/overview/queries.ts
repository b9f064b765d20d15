// The overview in SQL: one statement, and so one snapshot.
import { sql } from 'drizzle-orm'
import type { Database } from '../../db/client.ts'
import { instrumentId } from '../../db/instruments.ts'
import { toRfc3339 } from '../../db/timestamps.ts'
import { round2 } from '../../http/schemas.ts'
import { labelOf } from '../../score/method.ts'
import { articleColumns, toArticle } from '../media/queries.ts'
import type { Article } from '../media/schema.ts'
import type { Overview } from './schema.ts'

const LATEST_ARTICLES = 5
const NEUTRAL_SCORE = 50

interface Figures {
  all_articles: number
  all_sources: number
  all_sessions: number
  as_of: string | null
  score: number | null
  read_at: string
}

/** A row for each of the newest articles, the figures beside it. Where there is no article, there is a row of figures alone. */
type Row = Figures & { [Column in keyof Article]: Article[Column] | null }

export async function loadOverview(database: Database, symbol: string): Promise<Overview> {
  const rows = await database.rows<Row>(sql`
    select figures.*, newest.*, latest.*
    from (
      select (select count(*) from media_articles) as all_articles, (select count(*) from media_sources) as all_sources,
        (select count(*) from daily_bars b where b.instrument_id = ${instrumentId(symbol)}) as all_sessions, now() as read_at
    ) figures
    left join (
      select s.as_of, s.score from score_snapshots s
      where s.instrument_id = ${instrumentId(symbol)} order by s.as_of desc limit 1
    ) newest on true
    left join (
      select ${articleColumns} from media_articles a order by a.published_at desc, a.id desc limit ${LATEST_ARTICLES}
    ) latest on true
    order by latest.published_at desc, latest.id desc`)
  const [figures] = rows
  if (figures === undefined) throw new Error('a statement that always has a row has none')
  const score = round2(figures.score ?? NEUTRAL_SCORE)
  return {
    articles: figures.all_articles,
    sources: figures.all_sources,
    sessions: figures.all_sessions,
    latest_score: { as_of: figures.as_of, score, label: labelOf(score) },
    latest_articles: rows.filter((row) => row.id !== null).map((row) => toArticle(row as Article)),
    updated_at: toRfc3339(figures.read_at),
  }
}
