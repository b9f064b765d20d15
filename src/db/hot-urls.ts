// The URLs that were asked for most, in PostgreSQL: what an instance that starts has loaded first.
import { sql } from 'drizzle-orm'
import type { Database } from './client.ts'

export interface HotUrl {
  url: string
  perMinute: number
}

/** What was not hot for a day is forgotten, and the coldest where there are many. */
const KEPT = '1 day'
const MOST_URLS = 1000

/** Of one instance; what others have noted of the same URLs is overwritten, as they see much the same. */
export async function saveHotUrls(database: Database, urls: HotUrl[]): Promise<void> {
  await database.rows(sql`
    with forgotten as (
      delete from cache_hot_urls where noted_at < now() - ${KEPT}::text::interval or url in (
        select url from cache_hot_urls order by per_minute desc offset ${MOST_URLS}))
    insert into cache_hot_urls (url, per_minute)
    select distinct on (url) url, "perMinute"
    from jsonb_to_recordset(${JSON.stringify(urls)}::text::jsonb) as hot(url text, "perMinute" float8)
    order by url, "perMinute" desc
    on conflict (url) do update set per_minute = excluded.per_minute, noted_at = now()`)
}

/** The hottest first. */
export async function readHotUrls(database: Database, limit: number): Promise<string[]> {
  const rows = await database.rows<{ url: string }>(sql`
    select url from cache_hot_urls where noted_at >= now() - ${KEPT}::text::interval
    order by per_minute desc, url limit ${limit}`)
  return rows.map(({ url }) => url)
}
