// What all instances have counted, in PostgreSQL: each writes its own totals, so that nothing is counted twice and what one that is gone had counted
// stays.
import { sql } from 'drizzle-orm'
import type { Database } from './client.ts'

export interface Count {
  category: string
  counter: string
  count: number
}

export interface FleetCount extends Count {
  /** How much of it is of the life that asks. */
  own: number
}

export interface FleetState {
  counts: FleetCount[]
  /** On the list of those that clears wait for. */
  instances: number
  /** Of the newest clear that data caused, in seconds since the Unix epoch; null of none. */
  lastLoadAt: number | null
}

/** Where the counts of lives that are over are added up. Random ids are none of it. */
const DEPARTED = 'departed'
/** A life writes for a day at most, so nothing that is added up is written again. */
const DEPARTED_AFTER = '7 days'

/** Writes the totals of a life. May be repeated, and may come late: they only grow. */
export async function publishCounts(database: Database, life: string, counts: Count[]): Promise<void> {
  await database.rows(sql`
    insert into cache_counts (life, category, counter, count)
    select ${life}, category, counter, count
    from jsonb_to_recordset(${JSON.stringify(counts)}::text::jsonb) as counted(category text, counter text, count bigint)
    on conflict (life, category, counter) do update
    set count = greatest(cache_counts.count, excluded.count), counted_at = now()`)
}

/** Keeps the table small. Moved in one statement, so that the sum is the same before and after, and moving twice moves nothing. */
export async function foldDeparted(database: Database): Promise<void> {
  await database.rows(sql`
    with moved as (
      delete from cache_counts where counted_at < now() - ${DEPARTED_AFTER}::text::interval and life <> ${DEPARTED}
      returning category, counter, count)
    insert into cache_counts (life, category, counter, count)
    select ${DEPARTED}, category, counter, sum(count) from moved group by category, counter
    on conflict (life, category, counter) do update
    set count = cache_counts.count + excluded.count, counted_at = now()`)
}

export async function readFleet(database: Database, life: string): Promise<FleetState> {
  const counts = await database.rows<FleetCount>(sql`
    select category, counter, sum(count)::bigint as count,
      coalesce(sum(count) filter (where life = ${life}), 0)::bigint as own
    from cache_counts group by category, counter`)
  const [state] = await database.rows<Omit<FleetState, 'counts'>>(sql`
    select (select count(*) from cache_members)::int as instances,
      (select extract(epoch from max(cleared_at))::float8 from cache_clears where soft) as "lastLoadAt"`)
  return { instances: 0, lastLoadAt: null, ...state, counts }
}
