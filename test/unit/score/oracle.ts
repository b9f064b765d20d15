// The definitions of the score, written as plainly as possible and without regard to cost: what the engine is compared with.
import type { Series } from '../../../src/score/windows.ts'

/** Percentile ranks by counting: each value against the whole list of the last `length` existing ones. */
export function ranks(series: Series, length: number): Series {
  return series.map((value, session) => {
    if (value === null) return null
    const existing = series.slice(0, session + 1).filter((other) => other !== null)
    if (existing.length < length) return null
    const window = existing.slice(-length)
    const below = window.filter((other) => other < value).length
    const equal = window.filter((other) => other === value).length
    return ((below + 0.5 * (equal - 1)) / (length - 1)) * 100
  })
}

/** `compute` of sessions `session - back` to `session`, both included; null before they all exist. */
function over(
  sessions: number,
  back: number,
  compute: (first: number, session: number) => number | null,
): Series {
  return Array.from({ length: sessions }, (_, session) =>
    session < back ? null : compute(session - back, session),
  )
}

function sum(values: number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}

export function momentum(close: number[]): Series {
  const values = over(close.length, 124, (first, session) => {
    const average = sum(close.slice(first, session + 1)) / 125
    return average === 0 ? null : close[session]! / average - 1
  })
  return ranks(values, 252)
}

export function priceStrength(high: number[], low: number[], close: number[]): Series {
  return over(close.length, 251, (first, session) => {
    const highest = Math.max(...high.slice(first, session + 1))
    const lowest = Math.min(...low.slice(first, session + 1))
    return highest === lowest ? null : ((close[session]! - lowest) / (highest - lowest)) * 100
  })
}

export function volume(close: number[], traded: number[]): Series {
  const values = over(close.length, 20, (first, session) => {
    const sessions = Array.from({ length: 20 }, (_, step) => first + 1 + step)
    const total = sum(sessions.map((one) => traded[one]!))
    const rising = sessions.filter((one) => close[one]! > close[one - 1]!)
    return total === 0 || session === 0 ? null : sum(rising.map((one) => traded[one]!)) / total
  })
  return ranks(values, 252)
}

export function volatility(close: number[]): Series {
  const values = over(close.length, 20, (first, session) => {
    const closes = close.slice(first, session + 1)
    if (closes.includes(0)) return null
    const returns = closes.slice(1).map((value, step) => Math.log(value / closes[step]!))
    const average = sum(returns) / 20
    return Math.sqrt(sum(returns.map((value) => (value - average) ** 2)) / 19) * Math.sqrt(252)
  })
  return ranks(values, 252).map((rank) => (rank === null ? null : 100 - rank))
}

/** Both sides by date, over the sorted intersection of their dates. */
export function equityVsBonds(
  index: Map<string, number>,
  bonds: Map<string, number>,
): Map<string, number | null> {
  const dates = Array.from(index.keys())
    .filter((date) => bonds.has(date))
    .sort()
  const values = over(dates.length, 20, (first, session) => {
    const [from, to] = [dates[first]!, dates[session]!]
    return Math.log(index.get(to)! / index.get(from)!) - Math.log(bonds.get(to)! / bonds.get(from)!)
  })
  const ranked = ranks(values, 252)
  return new Map(dates.map((date, position) => [date, ranked[position]!]))
}

/** From single articles: `[day, score]`. */
export function mediaSentiment(dates: string[], articles: [day: string, score: number][]): Series {
  return dates.map((date) => {
    const first = new Date(date)
    first.setUTCDate(first.getUTCDate() - 6)
    const from = first.toISOString().slice(0, 10)
    const scores = articles.filter(([day]) => day >= from && day <= date).map(([, score]) => score)
    return scores.length < 3 ? null : (sum(scores) / scores.length + 1) * 50
  })
}
