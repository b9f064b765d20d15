// Scoring a history in one pass, against the definition carried out window by window.
import { readFileSync } from 'node:fs'
import { scoreHistory } from '../src/score/history.ts'
import * as oracle from '../test/unit/score/oracle.ts'
import { compare, PAIRS, type Comparison, type Measured } from './compare.ts'

const ROUNDS = 10

export async function score(): Promise<Comparison> {
  const rows = readFileSync(new URL('../sample/sp500-daily-2000-2020.csv', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
  const column = (index: number): number[] => rows.map((row) => Number(row[index]))
  const [high, low, close, volume] = [column(2), column(3), column(4), column(6)]
  const bars = {
    dates: rows.map((row) => row[0]!),
    high: Float64Array.from(high),
    low: Float64Array.from(low),
    close: Float64Array.from(close),
    volume: Float64Array.from(volume),
  }
  const perSecond = (rounds: number, work: () => unknown): Promise<Measured> => {
    const started = performance.now()
    for (let round = 0; round < rounds; round += 1) work()
    return Promise.resolve({ value: (rounds * rows.length) / ((performance.now() - started) / 1000) })
  }
  const measured = await compare(PAIRS, {
    ours: () => perSecond(ROUNDS, () => scoreHistory({ bars })),
    yardstick: () =>
      perSecond(1, () => [
        oracle.momentum(close),
        oracle.priceStrength(high, low, close),
        oracle.volume(close, volume),
        oracle.volatility(close),
      ]),
  })
  return {
    name: `sessions scored, ${rows.length.toLocaleString('en')} at a time`,
    against: 'the definition carried out window by window',
    unit: 'sessions/s',
    ...measured,
    bound: null,
  }
}
