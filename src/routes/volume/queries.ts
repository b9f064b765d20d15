// Volume in SQL.
import { sql } from 'drizzle-orm'
import type { Database } from '../../db/client.ts'
import { instrumentId, requireInstrument } from '../../db/instruments.ts'
import { loadPage, type KeysetSource } from '../../db/keyset.ts'
import { round2 } from '../../http/schemas.ts'
import type { Range } from '../../http/range.ts'
import { defineList, type ListPage, type PageRequest } from '../../pagination/index.ts'
import type { VolumeLatest, VolumeRow, VolumeStats, VolumeTrend } from './schema.ts'

/** Sessions of the trend, in two halves. */
const TREND_SESSIONS = 30
/** From here on, either way, the halves differ enough to be a trend. */
const TREND_PERCENT = 10

export const volumeList = defineList({
  name: 'volume',
  keys: [{ column: 'date', kind: 'date' }],
})

interface BarRow {
  date: string
  open: number
  high: number
  low: number
  close: number
  volume: number
  /** Null for the very first bar. */
  previous_close: number | null
}

/** In the full history, whatever the page: the bar before the first one of a page counts, too. */
const previousClose = sql`(select p.close from daily_bars p
  where p.instrument_id = b.instrument_id and p.date < b.date order by p.date desc limit 1) as previous_close`

const bars: KeysetSource<BarRow> = {
  from: sql`daily_bars b`,
  columns: sql<BarRow>`b.date, b.open, b.high, b.low, b.close, b.volume, ${previousClose}`,
  filters: [sql`b.instrument_id = ${instrumentId(sql.placeholder('symbol'))}`],
  keys: { date: sql`b.date` },
}

export async function loadVolume(
  database: Database,
  symbol: string,
  range: Range,
  page: PageRequest,
): Promise<ListPage<VolumeRow>> {
  const toRow = (row: BarRow): VolumeRow => {
    const { date, open, high, low, close, volume, previous_close: before } = row
    return {
      date,
      symbol,
      open,
      high,
      low,
      close,
      volume,
      change_percent: before === null ? null : changePercent(close, before),
    }
  }
  const result = await loadPage(database, bars, page, toRow, { range, values: { symbol } })
  if (result.envelope.count === 0) await requireInstrument(database, symbol)
  return result
}

/** The last `days` sessions there are, ascending. */
export async function loadLatestVolume(
  database: Database,
  symbol: string,
  days: number,
): Promise<VolumeLatest> {
  const bars = await database.rows<BarRow>(sql`
    select b.date, b.volume, b.close, ${previousClose} from daily_bars b
    where b.instrument_id = ${instrumentId(symbol)} order by b.date desc limit ${days}`)
  if (bars.length === 0) await requireInstrument(database, symbol)
  const average = mean(bars.map((bar) => bar.volume))
  const data = bars.reverse().map(({ date, volume, close, previous_close: before }) => ({
    date,
    volume,
    // Sessions without any volume are all equal to their mean.
    normalized_volume: average === 0 ? 100 : round2((volume / average) * 100),
    close,
    change_percent: before === null ? 0 : changePercent(close, before),
  }))
  return { data, count: data.length, days, average_volume: round2(average) }
}

/** Figures over the last `days` sessions there are. */
export async function loadVolumeStats(
  database: Database,
  symbol: string,
  days: number,
): Promise<VolumeStats> {
  const volumes = await loadLastVolumes(database, symbol, days)
  const total = volumes.reduce((sum, volume) => sum + volume, 0)
  return {
    period_days: days,
    trading_days: volumes.length,
    volume_stats: {
      average: round2(mean(volumes)),
      min: volumes.length === 0 ? 0 : Math.min(...volumes),
      max: volumes.length === 0 ? 0 : Math.max(...volumes),
      total,
    },
  }
}

/** The newer half of the last 30 sessions against the older one. */
export async function loadVolumeTrend(database: Database, symbol: string): Promise<VolumeTrend> {
  const volumes = await loadLastVolumes(database, symbol, TREND_SESSIONS)
  // With an odd number, the session in the middle counts as new.
  const half = Math.ceil(volumes.length / 2)
  const [older, newer] = [mean(volumes.slice(half)), mean(volumes.slice(0, half))]
  const change = volumes.length < TREND_SESSIONS || older === 0 ? null : changePercent(newer, older)
  return {
    trend: trendOf(change),
    change_percent: change ?? 0,
    first_half_avg: round2(older),
    second_half_avg: round2(newer),
    period_days: TREND_SESSIONS,
    data_points: volumes.length,
  }
}

/** By what a client sees of it: the change rounded to two decimals. */
function trendOf(change: number | null): VolumeTrend['trend'] {
  if (change === null) return 'insufficient_data'
  if (Math.abs(change) <= TREND_PERCENT) return 'stable'
  return change > 0 ? 'increasing' : 'decreasing'
}

/** Newest first. */
async function loadLastVolumes(database: Database, symbol: string, sessions: number): Promise<number[]> {
  const bars = await database.rows<Pick<BarRow, 'volume'>>(sql`
    select b.volume from daily_bars b
    where b.instrument_id = ${instrumentId(symbol)} order by b.date desc limit ${sessions}`)
  if (bars.length === 0) await requireInstrument(database, symbol)
  return bars.map((bar) => bar.volume)
}

/** 0 of nothing: these figures are numbers, always. */
function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

function changePercent(close: number, before: number): number {
  return round2((close / before - 1) * 100)
}
