// What the page lists from PostgreSQL.
import { sql } from 'drizzle-orm'
import type { Database } from '../../db/client.ts'
import { loadNewestClears } from '../cache/queries.ts'
import type { Instance, Lists } from './messages.ts'

const CLEARS = 12

export async function loadLists(database: Database): Promise<Lists> {
  const [instances, clears] = await Promise.all([
    database.rows<Instance>(sql`
      select m.name, m.beat,
        greatest(0, coalesce((select max(seq) from cache_clears), 0) - m.applied)::int as behind
      from cache_members m order by m.name`),
    loadNewestClears(database, CLEARS),
  ])
  return { readAt: Date.now(), instances, clears }
}
