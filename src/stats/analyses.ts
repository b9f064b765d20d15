// What analyses cost and saved, of the fleet: PostgreSQL adds it up, and is asked when somebody looks, seldom.
import type { Analyser } from '../analyses/analysers/analyser.ts'
import { formatMoney } from '../analyses/money.ts'
import { amountsOf, hitShare, reckoned, returnOf, totalOf } from '../analyses/reckoning.ts'
import { readAnalyserFigures, type AnalyserFigures } from '../db/analysis-figures.ts'
import type { Database } from '../db/client.ts'
import { round2 } from '../http/schemas.ts'
import type { Time } from '../time/time.ts'
import type { StatsAnswer } from './schema.ts'

type Answered = StatsAnswer['cache']['analyses']

export interface Budget {
  analyser: string
  currency: string
  /** Of a day, in millionths. */
  micros: bigint
  /** Of today's; null where PostgreSQL does not say. */
  leftMicros: bigint | null
}

export class AnalysisFigures {
  readonly #database: Database
  readonly #time: Time
  #rows: AnalyserFigures[] | null = null
  #reading: Promise<void> | null = null
  #readAt = -Infinity

  constructor(database: Database, time: Time) {
    this.#database = database
    this.#time = time
  }

  /** As they were read last; null where PostgreSQL did not answer then. */
  get rows(): readonly AnalyserFigures[] | null {
    return this.#rows
  }

  /** Reads them unless that was done so lately; one at a time, and quiet when PostgreSQL does not answer. */
  refresh(ageMs: number): Promise<void> {
    const now = this.#time.clock()
    if (this.#reading === null && now - this.#readAt >= ageMs) {
      this.#readAt = now
      this.#reading = readAnalyserFigures(this.#database)
        .then(
          (rows) => void (this.#rows = rows),
          () => void (this.#rows = null),
        )
        .finally(() => (this.#reading = null))
    }
    return this.#reading ?? Promise.resolve()
  }

  /** Of the analysers that have one. */
  budgets(analysers: Iterable<Analyser>): Budget[] {
    return [...analysers].flatMap(({ name, currency, dailyBudgetMicros: micros }) => {
      if (micros === null) return []
      const row = this.#rows?.find((each) => each.name === name && each.currency === currency)
      const left = micros - BigInt(row?.spentTodayMicros ?? 0)
      // A budget may have been lowered since.
      return {
        analyser: name,
        currency,
        micros,
        leftMicros: this.#rows === null ? null : left > 0n ? left : 0n,
      }
    })
  }
}

/** @param waiting callers in line, of this instance. */
export function analysesAnswer(
  figures: AnalysisFigures,
  analysers: Iterable<Analyser>,
  waiting: number,
): Answered {
  const budgets = figures.budgets(analysers).map(({ analyser, currency, micros, leftMicros }) => ({
    analyser,
    currency,
    budget: formatMoney(micros),
    left: leftMicros === null ? null : formatMoney(leftMicros),
  }))
  const { rows } = figures
  return { ...(rows === null ? UNKNOWN : totalsOf(rows)), waiting, budgets }
}

const UNKNOWN = {
  calls: null,
  hits: null,
  shared: null,
  failures: null,
  hit_rate: null,
  spent: null,
  saved: null,
  currency: null,
  roi: null,
  running: null,
  today: { spent: null, saved: null },
}

function totalsOf(rows: readonly AnalyserFigures[]): Omit<Answered, 'waiting' | 'budgets'> {
  const total = totalOf(rows.map((row) => ({ ...reckoned(row), currency: row.currency })))
  const { calls, hits, shared, failures, currency, isOneCurrency } = total
  const share = hitShare(total)
  const sum = (of: 'spentTodayMicros' | 'savedTodayMicros') =>
    rows.reduce((all, row) => all + BigInt(row[of]), 0n)
  return {
    calls,
    hits,
    shared,
    failures,
    hit_rate: share === null ? null : round2(100 * share),
    ...amountsOf(total),
    currency,
    roi: returnOf(total),
    running: rows.reduce((all, { running }) => all + running, 0),
    today: amountsOf({ spent: sum('spentTodayMicros'), saved: sum('savedTodayMicros'), isOneCurrency }),
  }
}
