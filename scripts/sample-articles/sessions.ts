// What the bars say about each session: the facts that articles may state, and no others.
import { parse } from 'csv-parse/sync'

export interface Bar {
  date: string
  high: number
  low: number
  close: number
  volume: number
}

/** One session after the first; percentages are in per cent, `null` where the history does not reach far enough. */
export interface Session {
  bar: Bar
  previousClose: number
  change: number
  points: number
  /** Sessions in a row with a change of this one's sign, and what they made together. */
  streak: { length: number; change: number }
  /** Mean of the 20 sessions before. */
  averageVolume: number | null
  /** Mean of the last 125 closes, and whether this session's close lies on another side of its mean than the one before did. */
  average: { level: number; crossed: boolean } | null
  /** Highest and lowest close of the 52 weeks before this session. */
  year: { highest: number; lowest: number } | null
  /** Mean size of the last 20 daily changes, and of the 20 before them. */
  dailyMove: { recent: number; before: number } | null
  /** How many of the last 20 sessions closed higher than the one before, and the close before them all. */
  last20: { rising: number; from: number } | null
  /** The last session that moved as far in the same direction, when at least 60 sessions lie between. */
  largestSince: { date: string; sessions: number } | null
  /** Closing level before the week, month and year of this session. */
  before: { week: number | null; month: number | null; year: number | null }
  /** Whether a later session of the same week, month or year follows. */
  isLastOf: { week: boolean; month: boolean; year: boolean }
}

const DAY = 86_400_000
const WEEKS_52 = 364 * DAY
const LONG_AGO = 60

export function readBars(csv: string | Buffer): Bar[] {
  return parse<Record<string, string>>(csv, { columns: true }).map((row) => ({
    date: row.date!,
    high: Number(row.high),
    low: Number(row.low),
    close: Number(row.close),
    volume: Number(row.volume),
  }))
}

/** The Monday of a date's week, `YYYY-MM-DD`. */
export function weekOf(date: string): string {
  const time = Date.parse(date)
  const sinceMonday = (new Date(time).getUTCDay() + 6) % 7
  return new Date(time - sinceMonday * DAY).toISOString().slice(0, 10)
}

const PERIODS = {
  week: weekOf,
  month: (date: string) => date.slice(0, 7),
  year: (date: string) => date.slice(0, 4),
} as const
type Period = keyof typeof PERIODS

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
/** By how many per cent a value exceeds a reference. */
export const percent = (value: number, reference: number) => (value / reference - 1) * 100

/** Every session but the first, which has no previous close. */
export function describeSessions(bars: readonly Bar[]): Session[] {
  const closes = bars.map((bar) => bar.close)
  const changes = closes.map((close, index) => (index === 0 ? 0 : percent(close, closes[index - 1]!)))
  return bars.flatMap((bar, index) => {
    if (index === 0) return []
    const previousClose = closes[index - 1]!
    return {
      bar,
      previousClose,
      change: changes[index]!,
      points: bar.close - previousClose,
      streak: streakAt(closes, changes, index),
      averageVolume: index < 20 ? null : mean(bars.slice(index - 20, index).map((one) => one.volume)),
      average: averageAt(closes, index),
      year: yearBefore(bars, index),
      dailyMove:
        index < 40
          ? null
          : {
              recent: mean(changes.slice(index - 19, index + 1).map(Math.abs)),
              before: mean(changes.slice(index - 39, index - 19).map(Math.abs)),
            },
      last20:
        index < 20
          ? null
          : {
              rising: changes.slice(index - 19, index + 1).filter((one) => one > 0).length,
              from: closes[index - 20]!,
            },
      largestSince: largestSince(bars, changes, index),
      before: {
        week: closeBefore(bars, index, 'week'),
        month: closeBefore(bars, index, 'month'),
        year: closeBefore(bars, index, 'year'),
      },
      isLastOf: {
        week: isLastOf(bars, index, 'week'),
        month: isLastOf(bars, index, 'month'),
        year: isLastOf(bars, index, 'year'),
      },
    }
  })
}

function streakAt(closes: number[], changes: number[], index: number): Session['streak'] {
  const sign = Math.sign(changes[index]!)
  let first = index
  while (first > 1 && Math.sign(changes[first - 1]!) === sign) first -= 1
  return { length: index - first + 1, change: percent(closes[index]!, closes[first - 1]!) }
}

function averageAt(closes: number[], index: number): Session['average'] {
  if (index < 125) return null
  const averageOf = (end: number) => mean(closes.slice(end - 124, end + 1))
  const sideOf = (end: number) => Math.sign(closes[end]! - averageOf(end))
  return { level: averageOf(index), crossed: sideOf(index) !== sideOf(index - 1) }
}

function yearBefore(bars: readonly Bar[], index: number): Session['year'] {
  const from = new Date(Date.parse(bars[index]!.date) - WEEKS_52).toISOString().slice(0, 10)
  if (bars[0]!.date > from) return null
  const closes = bars
    .slice(Math.max(0, index - 260), index)
    .filter((bar) => bar.date >= from)
    .map((bar) => bar.close)
  return { highest: Math.max(...closes), lowest: Math.min(...closes) }
}

function largestSince(bars: readonly Bar[], changes: number[], index: number): Session['largestSince'] {
  const change = changes[index]!
  const last = changes.findLastIndex(
    (other, at) =>
      at < index && Math.sign(other) === Math.sign(change) && Math.abs(other) >= Math.abs(change),
  )
  const sessions = index - last - 1
  return last > 0 && sessions >= LONG_AGO ? { date: bars[last]!.date, sessions } : null
}

/** Null in the period in which the bars begin: they do not tell what was before it. */
function closeBefore(bars: readonly Bar[], index: number, period: Period): number | null {
  const periodOf = PERIODS[period]
  const current = periodOf(bars[index]!.date)
  let last = index
  while (last >= 0 && periodOf(bars[last]!.date) === current) last -= 1
  return bars[last]?.close ?? null
}

/** False at the end of the bars, except for a Friday: more sessions may follow. */
function isLastOf(bars: readonly Bar[], index: number, period: Period): boolean {
  const { date } = bars[index]!
  const following = bars[index + 1]
  if (following === undefined) return period === 'week' && new Date(date).getUTCDay() === 5
  return PERIODS[period](following.date) !== PERIODS[period](date)
}
