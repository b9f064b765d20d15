// Keeps `score_snapshots` equal to what the bars and articles in the database give.
//
// Each history is scored and compared as a whole. What a change cannot reach comes out equal and is not written; what an older method or
// another bond instrument left behind is put right on the way.
import type { TransactionSql } from 'postgres'
import type { DailySentiment } from '../score/components.ts'
import { scoreHistory, type BarSeries, type ScoreSnapshot } from '../score/history.ts'
import { METHOD_VERSION } from '../score/method.ts'

/** Which scores a change can reach: those of these symbols, as far as they are indexes, or of every index (articles, the bond instrument). */
export type ScoreScope = readonly string[] | 'every index'

/**
 * Scores anew what the scope names and writes what differs, in the caller's transaction.
 *
 * @param bondSymbol the instrument of `equity_vs_bonds`; without one (or without its bars) there is no such component.
 * @returns how many snapshots were written or deleted.
 */
export async function recomputeScores(
  session: TransactionSql,
  scope: ScoreScope,
  bondSymbol: string | undefined,
): Promise<number> {
  const only = scope === 'every index' ? null : JSON.stringify(scope)
  // Locked before their snapshots, as whoever deletes an instrument locks them: in the other order the two could wait for each other.
  const indexes = await session<{ id: number }[]>`
    select id from instruments where kind = 'index'
      and (${only}::text is null or symbol in (select json_array_elements_text(${only}::text::json)))
    order by id for key share`
  // An instrument that is no index any more has no scores any more.
  const orphaned = await session`
    delete from score_snapshots using instruments i where i.id = instrument_id and i.kind <> 'index'`
  let changed = orphaned.count
  if (indexes.length === 0) return changed

  const bonds = await readBonds(session, bondSymbol)
  const sentiment = await readSentiment(session)
  for (const { id } of indexes) {
    const bars = await readBars(session, id)
    changed += await writeDifferences(session, id, scoreHistory({ bars, bonds, sentiment }))
  }
  return changed
}

async function readBars(session: TransactionSql, instrumentId: number): Promise<BarSeries> {
  const rows = await session<{ date: string; high: number; low: number; close: number; volume: number }[]>`
    select date, high, low, close, volume from daily_bars where instrument_id = ${instrumentId} order by date`
  return {
    dates: rows.map((row) => row.date),
    high: Float64Array.from(rows, (row) => row.high),
    low: Float64Array.from(rows, (row) => row.low),
    close: Float64Array.from(rows, (row) => row.close),
    volume: Float64Array.from(rows, (row) => row.volume),
  }
}

async function readBonds(session: TransactionSql, symbol: string | undefined) {
  if (symbol === undefined) return null
  const rows = await session<{ date: string; close: number }[]>`
    select date, close from daily_bars b join instruments i on i.id = b.instrument_id
    where i.symbol = ${symbol} order by date`
  return { dates: rows.map((row) => row.date), close: Float64Array.from(rows, (row) => row.close) }
}

/** Floating-point sums depend on their order; by value, it depends on neither the plan nor the order in which articles were loaded. */
async function readSentiment(session: TransactionSql): Promise<Map<string, DailySentiment>> {
  const rows = await session<(DailySentiment & { day: string })[]>`
    select (published_at at time zone 'UTC')::date as day, count(*) as count,
      sum(sentiment_score order by sentiment_score) as sum
    from media_articles where sentiment_score is not null group by 1`
  return new Map(rows.map(({ day, count, sum }) => [day, { count, sum }]))
}

async function writeDifferences(
  session: TransactionSql,
  instrumentId: number,
  snapshots: ScoreSnapshot[],
): Promise<number> {
  const computed = snapshots.map(({ asOf, score, coverage, components }) => ({
    as_of: asOf,
    score,
    coverage,
    ...components,
  }))
  const [row] = await session<{ changed: number }[]>`
    with computed as (
      select *, ${METHOD_VERSION}::integer as method_version
      from json_to_recordset(${JSON.stringify(computed)}::text::json) as c(as_of date,
        score double precision, momentum double precision, price_strength double precision,
        volume double precision, volatility double precision, equity_vs_bonds double precision,
        media_sentiment double precision, coverage double precision)
    ), different as (
      select c.* from computed c
      left join score_snapshots s on s.instrument_id = ${instrumentId} and s.as_of = c.as_of
      where (s.score, s.momentum, s.price_strength, s.volume, s.volatility, s.equity_vs_bonds,
          s.media_sentiment, s.coverage, s.method_version) is distinct from
        (c.score, c.momentum, c.price_strength, c.volume, c.volatility, c.equity_vs_bonds,
          c.media_sentiment, c.coverage, c.method_version)
    ), deleted as (
      -- A hashed subplan whatever the planner thinks; a join could become a nested loop over both.
      delete from score_snapshots where instrument_id = ${instrumentId}
        and as_of not in (select as_of from computed)
      returning 1
    ), written as (
      insert into score_snapshots (instrument_id, as_of, score, momentum, price_strength, volume,
        volatility, equity_vs_bonds, media_sentiment, coverage, method_version)
      select ${instrumentId}, as_of, score, momentum, price_strength, volume,
        volatility, equity_vs_bonds, media_sentiment, coverage, method_version from different
      on conflict (instrument_id, as_of) do update set
        score = excluded.score, momentum = excluded.momentum, price_strength = excluded.price_strength,
        volume = excluded.volume, volatility = excluded.volatility,
        equity_vs_bonds = excluded.equity_vs_bonds, media_sentiment = excluded.media_sentiment,
        coverage = excluded.coverage, method_version = excluded.method_version, computed_at = now()
      returning 1
    )
    select (select count(*) from deleted) + (select count(*) from written) as changed`
  return row?.changed ?? 0
}
