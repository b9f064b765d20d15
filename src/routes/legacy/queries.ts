// What existing clients ask for, in SQL.
import { sql } from 'drizzle-orm'
import type { Database } from '../../db/client.ts'
import { instrumentId, requireInstrument } from '../../db/instruments.ts'
import type { Range } from '../../http/range.ts'
import { round2 } from '../../http/schemas.ts'
import { Problem } from '../../problems.ts'
import { mediaSentiment, type DailySentiment } from '../../score/components.ts'
import { WINDOWS } from '../../score/method.ts'
import { SIMPLIFIED_SESSIONS, simplifiedScore, type SimplifiedScore } from '../../score/simplified.ts'
import type { HistoryRange, IndexPoint } from './schema.ts'

const RANGE_DAYS: Record<HistoryRange, number | null> = {
  '30d': 30,
  '90d': 90,
  '180d': 180,
  '1y': 365,
  all: null,
}

/** Newest first. A range counts back from the newest score there is, so that a history that ended years ago still answers. */
export async function loadIndexHistory(
  database: Database,
  symbol: string,
  asked: HistoryRange | Range,
): Promise<IndexPoint[]> {
  const points = await database.rows<IndexPoint>(sql`
    select s.as_of, s.score from score_snapshots s
    where ${sql.join([sql`s.instrument_id = ${instrumentId(symbol)}`, ...bounds(symbol, asked)], sql` and `)}
    order by s.as_of desc`)
  return points.map(({ as_of, score }) => ({ as_of, score: round2(score) }))
}

function bounds(symbol: string, asked: HistoryRange | Range) {
  if (typeof asked !== 'string') {
    const { from, to } = asked
    return [
      ...(from === undefined ? [] : [sql`s.as_of >= ${from}::date`]),
      ...(to === undefined ? [] : [sql`s.as_of <= ${to}::date`]),
    ]
  }
  const days = RANGE_DAYS[asked]
  if (days === null) return []
  const newest = sql`(select max(n.as_of) from score_snapshots n where n.instrument_id = ${instrumentId(symbol)})`
  return [sql`s.as_of >= ${newest} - ${days}::integer`]
}

export interface SimplifiedFigures extends SimplifiedScore {
  /** The newest session. */
  date: string
  /** Instruments of kind equity. */
  equities: number
}

/** One row of arrays: sessions ascending, and the days of the newest one's sentiment. */
interface SimplifiedRow {
  dates: string[] | null
  close: number[] | null
  volume: number[] | null
  sentiment: (DailySentiment & { day: string })[] | null
  equities: number
}

/** @throws Problem unknown_symbol, or no_score while the history is too short. */
export async function loadSimplified(database: Database, symbol: string): Promise<SimplifiedFigures> {
  const days = WINDOWS.sentimentDays
  const [row] = await database.rows<SimplifiedRow>(sql`
    with sessions as materialized (
      select b.date, b.close, b.volume from daily_bars b
      where b.instrument_id = ${instrumentId(symbol)} order by b.date desc limit ${SIMPLIFIED_SESSIONS}
    ), newest as materialized (
      select max(date)::timestamp at time zone 'UTC' as start from sessions
    ), daily as (
      select (a.published_at at time zone 'UTC')::date as day, count(*) as count,
        sum(a.sentiment_score order by a.sentiment_score) as sum
      from media_articles a
      where a.sentiment_score is not null
        and a.published_at >= (select start from newest) - make_interval(hours => 24 * (${days}::integer - 1))
        and a.published_at < (select start from newest) + interval '24 hours'
      group by 1
    )
    select json_agg(date order by date) as dates, json_agg(close order by date) as close,
      json_agg(volume order by date) as volume, (select json_agg(daily) from daily) as sentiment,
      (select count(*) from instruments where kind = 'equity') as equities
    from sessions`)
  const { dates, close, volume, sentiment } = row ?? {}
  const date = dates?.at(-1)
  if (date === undefined) await requireInstrument(database, symbol)
  const [feeling = null] = mediaSentiment(
    [date ?? ''],
    new Map(sentiment?.map(({ day, ...figures }) => [day, figures])),
  )
  const [closes, volumes] = [Float64Array.from(close ?? []), Float64Array.from(volume ?? [])]
  const score = simplifiedScore({ close: closes, volume: volumes, mediaSentiment: feeling })
  if (score === null || date === undefined) {
    throw new Problem(
      'no_score',
      `there is no simplified score of ${symbol}: it needs ${SIMPLIFIED_SESSIONS} sessions`,
    )
  }
  return { ...score, date, equities: row?.equities ?? 0 }
}
