// The log of clears in SQL, for people.
import { sql } from 'drizzle-orm'
import type { Database } from '../../db/client.ts'
import { loadPage, type KeysetSource } from '../../db/keyset.ts'
import { toRfc3339 } from '../../db/timestamps.ts'
import { defineList, type ListPage, type PageRequest } from '../../pagination/index.ts'
import { Problem } from '../../problems.ts'
import type { Clear, ClearFilters } from './clears-schema.ts'

export const clearList = defineList({
  name: 'cache/clears',
  keys: [{ column: 'seq', kind: 'id' }],
})

interface ClearRow {
  seq: number
  kind: Clear['kind']
  selector: string
  soft: boolean
  actor: string
  reason: string | null
  cleared_at: string
  completed_at: string | null
  took_ms: number | null
  deleted: number | null
  confirmed_by: string[] | null
  expired: string[] | null
}

const columns = sql<ClearRow>`c.seq, c.kind, c.selector, c.soft, c.actor, c.reason, c.cleared_at, c.completed_at, c.took_ms, c.deleted, c.confirmed_by, c.expired`

/** Newest first, or oldest first where the page asks for that. */
export function loadClears(
  database: Database,
  filters: ClearFilters,
  page: PageRequest,
): Promise<ListPage<Clear>> {
  const list = { from: sql`cache_clears c`, columns, ...narrowed(filters), keys: { seq: sql`c.seq` } }
  return loadPage<ClearRow, Clear>(database, list, page, toClear)
}

/** Each filter has an index; of both, that of the actor is read, of whom nearly all clears are of one kind. */
function narrowed({ actor, soft }: ClearFilters): Pick<KeysetSource, 'fixed' | 'filters'> {
  const softness = sql`c.soft`
  const filters = soft === undefined ? [] : [sql`${softness} = ${soft}`]
  if (actor !== undefined) return { fixed: { column: sql`c.actor`, value: sql`${actor}` }, filters }
  return soft === undefined
    ? { filters }
    : { fixed: { column: softness, value: sql`${soft}::boolean` }, filters: [] }
}

/** The newest that people asked for; data that changed are none of them. */
export async function loadNewestClears(database: Database, limit: number): Promise<Clear[]> {
  const rows = await database.rows<ClearRow>(
    sql`select ${columns} from cache_clears c where c.soft = false order by c.soft desc nulls first, c.seq desc nulls first limit ${limit}`,
  )
  return rows.map(toClear)
}

/** @throws Problem unknown_clear */
export async function loadClear(database: Database, seq: number): Promise<Clear> {
  const [row] = await database.rows<ClearRow>(sql`select ${columns} from cache_clears c where c.seq = ${seq}`)
  if (row === undefined) throw new Problem('unknown_clear', `there is no clear ${seq}`)
  return toClear(row)
}

function toClear(row: ClearRow): Clear {
  const { seq, kind, selector, soft, actor, reason, took_ms, deleted, confirmed_by, expired } = row
  return {
    seq,
    kind,
    selector,
    soft,
    actor,
    reason,
    cleared_at: toRfc3339(row.cleared_at),
    completed_at: row.completed_at === null ? null : toRfc3339(row.completed_at),
    took_ms,
    deleted,
    instances:
      confirmed_by === null ? null : { confirmed: confirmed_by.length, confirmed_by, expired: expired ?? [] },
  }
}
