// The sample's S&P 500 bars as the score engine takes them, and made-up bonds and press over the same dates.
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import type { CloseSeries, DailySentiment } from '../../../src/score/components.ts'
import type { BarSeries, ScoreInput } from '../../../src/score/history.ts'

const FILE = new URL('../../../sample/sp500-daily-2000-2020.csv', import.meta.url)
const DAY = 86_400_000

export function readSampleBars(): BarSeries {
  const rows = parse<Record<string, string>>(readFileSync(FILE), { columns: true })
  const column = (name: string) => Float64Array.from(rows, (row) => Number(row[name]))
  return {
    dates: rows.map((row) => row.date!),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
  }
}

/** A wave with holes: bond markets keep other holidays. */
export function makeBonds(dates: readonly string[]): CloseSeries {
  const pairs = dates.map((date, session) => ({ date, close: 100 + 10 * Math.sin(session / 37) }))
  const kept = pairs.filter((_, session) => session % 7 !== 3)
  return { dates: kept.map((pair) => pair.date), close: Float64Array.from(kept, (pair) => pair.close) }
}

/** Zero to two articles a day, so that some weeks stay under three. */
export function makeSentiment(dates: readonly string[]): Map<string, DailySentiment> {
  const days = new Map<string, DailySentiment>()
  const last = Date.parse(dates.at(-1)!)
  for (let day = Date.parse(dates[0]!), number = 0; day <= last; day += DAY, number += 1) {
    const count = Math.floor(number / 11) % 3 === 0 ? 0 : number % 3
    if (count === 0) continue
    days.set(new Date(day).toISOString().slice(0, 10), { count, sum: count * Math.cos(number / 5) })
  }
  return days
}

/** The same input as it stood at the end of one session, given by the number of sessions up to it. */
export function truncate(input: ScoreInput, sessions: number): ScoreInput {
  return slice(input, 0, sessions)
}

/** The sessions from `start` up to, not including, `end`, with the bonds and days that fall between their dates. */
export function slice({ bars, bonds, sentiment }: ScoreInput, start: number, end: number): ScoreInput {
  const dates = bars.dates.slice(start, end)
  const first = dates[0]!
  const last = dates.at(-1)!
  const within = (date: string) => date >= first && date <= last
  return {
    bars: {
      dates,
      high: bars.high.slice(start, end),
      low: bars.low.slice(start, end),
      close: bars.close.slice(start, end),
      volume: bars.volume.slice(start, end),
    },
    ...(bonds && {
      bonds: {
        dates: bonds.dates.filter(within),
        close: bonds.close.filter((_, session) => within(bonds.dates[session]!)),
      },
    }),
    // Press from before the first session stays: it belongs to the first sessions' seven days.
    ...(sentiment && { sentiment: new Map(Array.from(sentiment).filter(([day]) => day <= last)) }),
  }
}
