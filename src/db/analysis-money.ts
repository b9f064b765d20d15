// What analyses cost and saved, by day of UTC and analyser. Calls are counted where they are claimed; hits by each life of an instance, in totals that
// only grow, so that writing them twice counts nothing twice.
import { sql } from 'drizzle-orm'
import type { Database } from './client.ts'

export interface SavingsCount {
  day: string
  analyser: string
  currency: string
  hits: number
  shared: number
  savedMicros: number
}

const DEPARTED = 'departed'
/** A life writes to a day until the next one, and what a crash left is written by the next start. Later nobody does. */
export const FOLDED_AFTER_DAYS = 7

export async function publishSavings(
  database: Database,
  life: string,
  counts: readonly SavingsCount[],
): Promise<void> {
  await database.rows(sql`
    insert into analysis_savings (life, day, analyser, currency, hits, shared, saved_micros)
    select ${life}, c.day, c.analyser, c.currency, c.hits, c.shared, c."savedMicros"
    from jsonb_to_recordset(${JSON.stringify(counts)}::text::jsonb)
      as c(day date, analyser text, currency text, hits bigint, shared bigint, "savedMicros" bigint)
    where c.day > (clock_timestamp() at time zone 'UTC')::date - ${FOLDED_AFTER_DAYS}::int
    on conflict (life, day, analyser, currency) do update set
      hits = greatest(analysis_savings.hits, excluded.hits),
      shared = greatest(analysis_savings.shared, excluded.shared),
      saved_micros = greatest(analysis_savings.saved_micros, excluded.saved_micros)`)
}

/** Keeps the table small: moved in one statement, so that the sum stays. */
export async function foldSavings(database: Database): Promise<void> {
  await database.rows(sql`
    with moved as (
      delete from analysis_savings
      where day <= (clock_timestamp() at time zone 'UTC')::date - ${FOLDED_AFTER_DAYS}::int and life <> ${DEPARTED}
      returning day, analyser, currency, hits, shared, saved_micros)
    insert into analysis_savings (life, day, analyser, currency, hits, shared, saved_micros)
    select ${DEPARTED}, day, analyser, currency, sum(hits), sum(shared), sum(saved_micros)
    from moved group by day, analyser, currency
    on conflict (life, day, analyser, currency) do update set
      hits = analysis_savings.hits + excluded.hits,
      shared = analysis_savings.shared + excluded.shared,
      saved_micros = analysis_savings.saved_micros + excluded.saved_micros`)
}

export interface MoneyRow {
  /** The day or the analyser, as was asked for. */
  name: string
  currency: string
  calls: number
  failures: number
  hits: number
  shared: number
  /** Integers in decimal digits. */
  spentMicros: string
  savedMicros: string
}

/** By day or analyser and by currency, in order of these; days are inclusive, and undefined is no bound. */
export async function readMoney(
  database: Database,
  by: 'day' | 'analyser',
  { from, to }: { from?: string | undefined; to?: string | undefined },
): Promise<MoneyRow[]> {
  const name = by === 'day' ? sql`day::text` : sql`analyser`
  return database.rows<MoneyRow>(sql`
    select ${name} as name, currency, sum(calls)::bigint as calls, sum(failures)::bigint as failures,
      sum(hits)::bigint as hits, sum(shared)::bigint as shared, sum(spent)::text as "spentMicros", sum(saved)::text as "savedMicros"
    from (
      select day, analyser, currency, calls, failures, 0 as hits, 0 as shared, spent_micros as spent, 0 as saved from analysis_spending
      union all
      select day, analyser, currency, 0, 0, hits, shared, 0, saved_micros from analysis_savings
    ) as counted
    where day >= coalesce(${from ?? null}::date, '-infinity') and day <= coalesce(${to ?? null}::date, 'infinity')
    group by 1, currency order by 1, currency`)
}
