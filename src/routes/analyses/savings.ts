// Savings as they are answered: counts, amounts as decimal numbers, and rates.
import { formatMoney } from '../../analyses/money.ts'
import { amountsOf, hitShare, reckoned, returnOf, totalOf, type Reckoned } from '../../analyses/reckoning.ts'
import { readMoney } from '../../db/analysis-money.ts'
import type { Database } from '../../db/client.ts'
import type { SavingsAnswer } from './schema.ts'

export interface SavingsRange {
  from?: string | undefined
  to?: string | undefined
  by: 'day' | 'analyser'
}

export async function savingsAnswer(
  database: Database,
  { by, ...range }: SavingsRange,
): Promise<SavingsAnswer> {
  const rows = (await readMoney(database, by, range)).map((row) => ({ ...row, ...reckoned(row) }))
  const total = totalOf(rows)
  return {
    data: rows.map((row) => ({
      [by]: row.name,
      ...countsOf(row),
      spent: formatMoney(row.spent),
      saved: formatMoney(row.saved),
      currency: row.currency,
    })),
    total: { ...countsOf(total), ...amountsOf(total), currency: total.currency, roi: returnOf(total) },
  }
}

function countsOf(row: Reckoned) {
  const { calls, hits, shared, failures } = row
  const share = hitShare(row)
  return {
    calls,
    hits,
    shared,
    failures,
    hit_rate: share === null ? null : Math.round(share * 10_000) / 10_000,
  }
}
