// Instruments in SQL. Each statement may run twice, where its connection is lost: it leaves the same then.
import { sql } from 'drizzle-orm'
import type { Database } from '../../db/client.ts'
import { isReferenced } from '../../db/errors.ts'
import { Problem } from '../../problems.ts'
import type { Instrument, InstrumentBody } from './schema.ts'

const columns = sql`symbol, name, kind, currency, exchange`

/** Creates the instrument or replaces all that is known of it. */
export async function putInstrument(
  database: Database,
  symbol: string,
  { name, kind, currency = null, exchange = null }: InstrumentBody,
): Promise<Instrument> {
  const [row] = await database.rows<Instrument>(sql`
    insert into instruments (symbol, name, kind, currency, exchange)
    values (${symbol}, ${name}, ${kind}, ${currency}, ${exchange})
    on conflict (symbol) do update set
      name = excluded.name, kind = excluded.kind, currency = excluded.currency, exchange = excluded.exchange
    returning ${columns}`)
  if (row === undefined) throw new Error(`instrument ${symbol} was not written`)
  return row
}

/** @throws Problem unknown_symbol; instrument_in_use while it has bars. */
export async function deleteInstrument(database: Database, symbol: string): Promise<Instrument> {
  const [row] = await database
    .rows<Instrument>(sql`delete from instruments where symbol = ${symbol} returning ${columns}`)
    .catch(async (error: unknown) => {
      if (!isReferenced(error)) throw error
      const [bars] = await database.rows<{ count: number }>(sql`
        select count(*) from daily_bars b join instruments i on i.id = b.instrument_id where i.symbol = ${symbol}`)
      throw new Problem('instrument_in_use', `${symbol} has ${bars?.count ?? 0} bars; delete those first`)
    })
  if (row === undefined) throw new Problem('unknown_symbol', `there is no instrument ${symbol}`)
  return row
}
