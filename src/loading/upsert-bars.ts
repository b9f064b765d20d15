// Staged bars into `daily_bars`, and the instrument they belong to.
import type { TransactionSql } from 'postgres'
import type { BarRow } from './bars.ts'
import { rejectConflicts } from './conflicts.ts'
import type { LoadReport } from './report.ts'
import type { Staging } from './staging.ts'

export const INSTRUMENT_KINDS = ['index', 'equity', 'bond'] as const
export type InstrumentKind = (typeof INSTRUMENT_KINDS)[number]

export interface InstrumentChoice {
  symbol: string
  /** Of a new instrument: its symbol unless given. One that exists keeps its own unless given. */
  name?: string | undefined
  /** Of a new instrument: `index` unless given. One that exists keeps its own unless given. */
  instrumentKind?: InstrumentKind | undefined
  /** Unknown unless given; one that exists keeps its own unless given. */
  currency?: string | undefined
  exchange?: string | undefined
}

export interface Instrument {
  id: number
  kind: InstrumentKind
  /** Created, or not what it was before. */
  changed: boolean
}

export const BAR_STAGING: Staging<BarRow> = {
  table: 'staged_bars',
  key: 'date',
  rejectConflicts,
  columns: {
    date: 'date',
    open: 'double precision',
    high: 'double precision',
    low: 'double precision',
    close: 'double precision',
    volume: 'double precision',
    label: 'text',
  },
}

/** Creates the instrument, or updates what was given of it. */
export async function upsertInstrument(
  session: TransactionSql,
  { symbol, ...given }: InstrumentChoice,
): Promise<Instrument> {
  const [name, kind] = [given.name ?? null, given.instrumentKind ?? null]
  const [currency, exchange] = [given.currency ?? null, given.exchange ?? null]
  const [written] = await session<{ id: number; kind: InstrumentKind }[]>`
    insert into instruments as i (symbol, name, kind, currency, exchange)
    values (${symbol}, ${name ?? symbol}, ${kind ?? 'index'}, ${currency}, ${exchange})
    on conflict (symbol) do update set
      name = coalesce(${name}, i.name), kind = coalesce(${kind}, i.kind),
      currency = coalesce(${currency}, i.currency), exchange = coalesce(${exchange}, i.exchange)
    where (i.name, i.kind, i.currency, i.exchange) is distinct from (coalesce(${name}, i.name),
      coalesce(${kind}, i.kind), coalesce(${currency}, i.currency), coalesce(${exchange}, i.exchange))
    returning id, kind`
  if (written !== undefined) return { ...written, changed: true }
  const [kept] = await session<{ id: number; kind: InstrumentKind }[]>`
    select id, kind from instruments where symbol = ${symbol}`
  if (kept === undefined) throw new Error(`instrument ${symbol} went away during the load`)
  return { ...kept, changed: false }
}

/** Writes the bars that are new or different and counts them in the report. */
export async function upsertBars(
  session: TransactionSql,
  instrumentId: number,
  report: LoadReport,
): Promise<void> {
  const [counts] = await session<{ staged: number; inserted: number; updated: number }[]>`
    with different as (
      select s.* from staged_bars s
      left join daily_bars b on b.instrument_id = ${instrumentId} and b.date = s.date
      where (b.open, b.high, b.low, b.close, b.volume) is distinct from (s.open, s.high, s.low, s.close, s.volume)
    ), written as (
      insert into daily_bars (instrument_id, date, open, high, low, close, volume)
      select ${instrumentId}, date, open, high, low, close, volume from different order by date
      on conflict (instrument_id, date) do update set
        open = excluded.open, high = excluded.high, low = excluded.low,
        close = excluded.close, volume = excluded.volume
      returning (xmax = 0) as is_new
    )
    select (select count(*) from staged_bars) as staged,
      count(*) filter (where is_new) as inserted, count(*) filter (where not is_new) as updated
    from written`
  report.inserted = counts?.inserted ?? 0
  report.updated = counts?.updated ?? 0
  report.unchanged = (counts?.staged ?? 0) - report.inserted - report.updated
}
