// Instruments in SQL. Each statement may run twice, where its connection is lost: it leaves the same then.
import { sql } from 'drizzle-orm'
import type { Database } from '../../db/client.ts'
import { isReferenced } from '../../db/errors.ts'
import { preconditionFailed, type Precondition } from '../../http/conditions.ts'
import { Problem } from '../../problems.ts'
import type { Instrument, InstrumentBody } from './schema.ts'

const columns = sql`symbol, name, kind, currency, exchange`

/** Creates the instrument or replaces all that is known of it. @throws Problem precondition_failed */
export async function putInstrument(
  database: Database,
  symbol: string,
  { name, kind, currency = null, exchange = null }: InstrumentBody,
  precondition: Precondition,
): Promise<Instrument> {
  const inserted = sql`insert into instruments (symbol, name, kind, currency, exchange)
    values (${symbol}, ${name}, ${kind}, ${currency}, ${exchange})`
  const statements = {
    // One that runs twice finds what it has just created itself, and says so.
    absent: sql`${inserted} on conflict (symbol) do nothing returning ${columns}`,
    present: sql`update instruments set name = ${name}, kind = ${kind}, currency = ${currency}, exchange = ${exchange}
      where symbol = ${symbol} returning ${columns}`,
    whatever: sql`${inserted} on conflict (symbol) do update set name = excluded.name, kind = excluded.kind,
      currency = excluded.currency, exchange = excluded.exchange returning ${columns}`,
  }
  if (precondition === 'never') throw preconditionFailed(precondition)
  const [row] = await database.rows<Instrument>(statements[precondition])
  if (row !== undefined) return row
  if (precondition === 'whatever') throw new Error(`instrument ${symbol} was not written`)
  throw preconditionFailed(precondition)
}

/** @throws Problem unknown_symbol; instrument_in_use while it has bars; precondition_failed. */
export async function deleteInstrument(
  database: Database,
  symbol: string,
  precondition: Precondition,
): Promise<Instrument> {
  const found = sql`from instruments where symbol = ${symbol}`
  if (precondition === 'absent' || precondition === 'never') {
    const [row] = await database.rows(sql`select 1 ${found}`)
    throw row === undefined ? unknown(symbol) : preconditionFailed(precondition)
  }
  const [row] = await database
    .rows<Instrument>(sql`delete ${found} returning ${columns}`)
    .catch(async (error: unknown) => {
      if (!isReferenced(error)) throw error
      const [bars] = await database.rows<{ count: number }>(sql`
        select count(*) from daily_bars b join instruments i on i.id = b.instrument_id where i.symbol = ${symbol}`)
      throw new Problem('instrument_in_use', `${symbol} has ${bars?.count ?? 0} bars; delete those first`)
    })
  if (row === undefined) throw unknown(symbol)
  return row
}

function unknown(symbol: string): Problem {
  return new Problem('unknown_symbol', `there is no instrument ${symbol}`)
}
