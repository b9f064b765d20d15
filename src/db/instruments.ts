// Instruments by symbol, as statements of other tables use them.
import { sql, type Placeholder, type SQL } from 'drizzle-orm'
import { Problem } from '../problems.ts'
import type { Database } from './client.ts'

/** The id of a symbol as a scalar subquery: an unknown one gives null, and no row matches. */
export function instrumentId(symbol: string | Placeholder): SQL {
  return sql`(select id from instruments where symbol = ${symbol})`
}

/** Asked only where a statement found nothing. @throws Problem unknown_symbol where there is no such instrument at all. */
export async function requireInstrument(database: Database, symbol: string): Promise<void> {
  const found = await database.rows(sql`select 1 from instruments where symbol = ${symbol}`)
  if (found.length === 0) throw new Problem('unknown_symbol', `there is no instrument ${symbol}`)
}
