// Counts and amounts of analyses added up, and what follows from them.
import type { MoneyRow } from '../db/analysis-money.ts'
import { formatMoney } from './money.ts'

export interface Reckoned {
  calls: number
  hits: number
  shared: number
  failures: number
  /** Millionths. */
  spent: bigint
  saved: bigint
}

const NOTHING: Reckoned = { calls: 0, hits: 0, shared: 0, failures: 0, spent: 0n, saved: 0n }

export function reckoned({ calls, hits, shared, failures, spentMicros, savedMicros }: MoneyRow): Reckoned {
  return { calls, hits, shared, failures, spent: BigInt(spentMicros), saved: BigInt(savedMicros) }
}

export interface Total extends Reckoned {
  /** The one currency that amounts are in; null where there are several, whose amounts cannot be added, or none. */
  currency: string | null
  isOneCurrency: boolean
}

/** Of rows by currency. A free analyser's currency is none that amounts are in, unless all are free. */
export function totalOf(rows: readonly (Reckoned & { currency: string })[]): Total {
  const paid = rows.filter(({ spent, saved }) => spent > 0n || saved > 0n)
  const currencies = new Set((paid.length > 0 ? paid : rows.slice(0, 1)).map(({ currency }) => currency))
  const isOneCurrency = currencies.size <= 1
  return {
    ...rows.reduce(added, NOTHING),
    currency: isOneCurrency ? ([...currencies][0] ?? null) : null,
    isOneCurrency,
  }
}

/** Answers without a call of their own, in all answers: 0 to 1, and null of none. */
export function hitShare({ calls, failures, hits, shared }: Reckoned): number | null {
  const answers = hits + shared + calls - failures
  return answers === 0 ? null : (hits + shared) / answers
}

/** What was saved for each unit that was spent, to two decimals; null where nothing was, or amounts cannot be compared. */
export function returnOf({ spent, saved, isOneCurrency }: Total): number | null {
  return isOneCurrency && spent > 0n ? Number((saved * 100n) / spent) / 100 : null
}

/** As answers say them; null where there are several currencies. */
export function amountsOf({
  spent,
  saved,
  isOneCurrency,
}: Pick<Total, 'spent' | 'saved' | 'isOneCurrency'>): {
  spent: string | null
  saved: string | null
} {
  return isOneCurrency
    ? { spent: formatMoney(spent), saved: formatMoney(saved) }
    : { spent: null, saved: null }
}

function added(sum: Reckoned, row: Reckoned): Reckoned {
  return {
    calls: sum.calls + row.calls,
    hits: sum.hits + row.hits,
    shared: sum.shared + row.shared,
    failures: sum.failures + row.failures,
    spent: sum.spent + row.spent,
    saved: sum.saved + row.saved,
  }
}
