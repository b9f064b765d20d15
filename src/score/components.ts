// The six components, one function each: series in, a value from 0 (fear) to 100 (greed) or null for each session out.
import { MINIMUM_ARTICLES, SESSIONS_PER_YEAR, WINDOWS } from './method.ts'
import { trailingRanks } from './rank.ts'
import {
  at,
  finiteOrNull,
  mapTrailing,
  mean,
  sampleStandardDeviation,
  trailingMaximum,
  trailingMinimum,
  type Series,
} from './windows.ts'

/** Closes by session, ascending; `dates` are `YYYY-MM-DD`. */
export interface CloseSeries {
  dates: readonly string[]
  close: Float64Array
}

/** The scored articles published on one UTC day: how many, and the sum of their scores in [-1, 1]. */
export interface DailySentiment {
  count: number
  sum: number
}

const MILLISECONDS_PER_DAY = 86_400_000

/** Percentile rank of `close / SMA125(close) - 1`. */
export function momentum(close: Float64Array): Series {
  const length = WINDOWS.average
  return trailingRanks(
    mapTrailing(close, length, (window) => at(window, length - 1) / mean(window) - 1),
    WINDOWS.rank,
  )
}

/**
 * `(close - lowest low) / (highest high - lowest low) * 100` over 252 sessions; a feed's close may lie outside the day's own high and low, a
 * component never outside 0 to 100.
 */
export function priceStrength(high: Float64Array, low: Float64Array, close: Float64Array): Series {
  const highest = trailingMaximum(high, WINDOWS.extremes)
  const lowest = trailingMinimum(low, WINDOWS.extremes)
  return Array.from(close, (value, session) => {
    const top = highest[session] ?? null
    const bottom = lowest[session] ?? null
    if (top === null || bottom === null) return null
    return finiteOrNull(((Math.min(Math.max(value, bottom), top) - bottom) / (top - bottom)) * 100)
  })
}

/** Percentile rank of the share of 20 sessions' volume that was traded on sessions which closed higher than the one before. */
export function volume(close: Float64Array, traded: Float64Array): Series {
  // One close more than sessions: the first of the 20 needs its predecessor.
  const shares = mapTrailing(close, WINDOWS.volume + 1, (closes, end) => {
    let total = 0
    let rising = 0
    for (let step = 1; step <= WINDOWS.volume; step += 1) {
      const sessionVolume = at(traded, end - WINDOWS.volume + step)
      total += sessionVolume
      if (at(closes, step) > at(closes, step - 1)) rising += sessionVolume
    }
    return rising / total
  })
  return trailingRanks(shares, WINDOWS.rank)
}

/** 100 minus the percentile rank of the annualised sample standard deviation of 20 log returns. */
export function volatility(close: Float64Array): Series {
  const deviations = mapTrailing(close, WINDOWS.returns + 1, (closes) => {
    const returns = closes.subarray(1).map((value, step) => Math.log(value / at(closes, step)))
    return sampleStandardDeviation(returns) * Math.sqrt(SESSIONS_PER_YEAR)
  })
  return trailingRanks(deviations, WINDOWS.rank).map((rank) => (rank === null ? null : 100 - rank))
}

/**
 * Percentile rank of the 20-session log return of the index minus that of the bonds. Sessions are counted on the dates both have;
 * on the others there is no value, and no rank takes notice of them.
 */
export function equityVsBonds(index: CloseSeries, bonds: CloseSeries): Series {
  const bondClose = new Map(bonds.dates.map((date, session) => [date, at(bonds.close, session)]))
  const shared = index.dates.flatMap((date, session) => {
    const bond = bondClose.get(date)
    return bond === undefined ? [] : [{ session, equity: at(index.close, session), bond }]
  })
  const equities = Float64Array.from(shared, (pair) => pair.equity)
  const bondCloses = Float64Array.from(shared, (pair) => pair.bond)
  const lead = mapTrailing(equities, WINDOWS.returns + 1, (window, end) => {
    const equityReturn = Math.log(at(window, WINDOWS.returns) / at(window, 0))
    const bondReturn = Math.log(at(bondCloses, end) / at(bondCloses, end - WINDOWS.returns))
    return equityReturn - bondReturn
  })
  const ranks = trailingRanks(lead, WINDOWS.rank)
  const series: Series = new Array<null>(index.dates.length).fill(null)
  for (const [position, { session }] of shared.entries()) series[session] = ranks[position] ?? null
  return series
}

/**
 * `(mean score + 1) * 50` of the articles of the 7 UTC days that end with the session's own; null under 3 articles. Weekends count
 * as days: what was published on one belongs to the sessions after it.
 *
 * @param dates the sessions, `YYYY-MM-DD`.
 * @param days sentiment by UTC day, `YYYY-MM-DD`; days without scored articles may be absent.
 */
export function mediaSentiment(dates: readonly string[], days: ReadonlyMap<string, DailySentiment>): Series {
  const byDayNumber = new Map(Array.from(days, ([day, sentiment]) => [dayNumber(day), sentiment]))
  return dates.map((date) => {
    const last = dayNumber(date)
    let count = 0
    let sum = 0
    for (let day = last - WINDOWS.sentimentDays + 1; day <= last; day += 1) {
      const sentiment = byDayNumber.get(day)
      count += sentiment?.count ?? 0
      sum += sentiment?.sum ?? 0
    }
    return count < MINIMUM_ARTICLES ? null : (sum / count + 1) * 50
  })
}

function dayNumber(day: string): number {
  return Date.parse(day) / MILLISECONDS_PER_DAY
}
