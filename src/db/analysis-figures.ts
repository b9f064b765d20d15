// What analyses did until now, by analyser: totals, those of today, and the calls under way. One statement, for whoever watches.
import { sql } from 'drizzle-orm'
import type { MoneyRow } from './analysis-money.ts'
import type { Database } from './client.ts'

/** `name` is the analyser. Today is the day of UTC that PostgreSQL has, as of budgets. */
export interface AnalyserFigures extends MoneyRow {
  spentTodayMicros: string
  savedTodayMicros: string
  /** Calls under way, of all instances. */
  running: number
}

/** By analyser and currency, in order of these; those of which anything was ever counted. */
export async function readAnalyserFigures(database: Database): Promise<AnalyserFigures[]> {
  return database.rows<AnalyserFigures>(sql`
    with counted as (
      select day, analyser, currency, calls, failures, 0 as hits, 0 as shared, spent_micros as spent, 0 as saved from analysis_spending
      union all
      select day, analyser, currency, 0, 0, hits, shared, 0, saved_micros from analysis_savings),
    running as (
      select analyser, currency, count(*) as calls from analysis_claims
      where state = 'running' and until > clock_timestamp() group by analyser, currency),
    today as (select (clock_timestamp() at time zone 'UTC')::date as day)
    select c.analyser as name, c.currency, sum(c.calls)::bigint as calls, sum(c.failures)::bigint as failures,
      sum(c.hits)::bigint as hits, sum(c.shared)::bigint as shared, sum(c.spent)::text as "spentMicros", sum(c.saved)::text as "savedMicros",
      coalesce(sum(c.spent) filter (where c.day = t.day), 0)::text as "spentTodayMicros",
      coalesce(sum(c.saved) filter (where c.day = t.day), 0)::text as "savedTodayMicros",
      coalesce(max(r.calls), 0)::bigint as running
    from counted c cross join today t left join running r on (r.analyser, r.currency) = (c.analyser, c.currency)
    group by c.analyser, c.currency order by c.analyser, c.currency`)
}
