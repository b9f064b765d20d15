// Savings as they are answered: counts, amounts as decimal numbers, and rates.
import { readMoney, type MoneyRow } from '../../db/analysis-money.ts'
import type { Database } from '../../db/client.ts'
import { formatMoney } from '../../analyses/money.ts'
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
  const rows = (await readMoney(database, by, range)).map(counted)
  const total = rows.reduce(added, NOTHING)
  const currencies = new Set(rows.map(({ currency }) => currency))
  const { spent, saved, ...counts } = withRate(total)
  const isOne = currencies.size <= 1
  return {
    data: rows.map(({ name, currency, ...row }) => ({ [by]: name, ...amounts(withRate(row)), currency })),
    total: {
      ...counts,
      spent: isOne ? formatMoney(spent) : null,
      saved: isOne ? formatMoney(saved) : null,
      currency: isOne ? ([...currencies][0] ?? null) : null,
      roi: isOne && spent > 0n ? ratio(saved, spent) : null,
    },
  }
}

interface Counted {
  calls: number
  hits: number
  shared: number
  failures: number
  spent: bigint
  saved: bigint
}

const NOTHING: Counted = { calls: 0, hits: 0, shared: 0, failures: 0, spent: 0n, saved: 0n }

function counted({ spentMicros, savedMicros, ...row }: MoneyRow) {
  return { ...row, spent: BigInt(spentMicros), saved: BigInt(savedMicros) }
}

function added(sum: Counted, row: Counted): Counted {
  return {
    calls: sum.calls + row.calls,
    hits: sum.hits + row.hits,
    shared: sum.shared + row.shared,
    failures: sum.failures + row.failures,
    spent: sum.spent + row.spent,
    saved: sum.saved + row.saved,
  }
}

function withRate(row: Counted): Counted & { hit_rate: number | null } {
  const { calls, failures, hits, shared } = row
  const answers = hits + shared + calls - failures
  return {
    ...row,
    hit_rate: answers === 0 ? null : Math.round(((hits + shared) / answers) * 10_000) / 10_000,
  }
}

function amounts<Row extends Counted>({ spent, saved, ...row }: Row) {
  return { ...row, spent: formatMoney(spent), saved: formatMoney(saved) }
}

/** To two decimals. */
function ratio(part: bigint, whole: bigint): number {
  return Number((part * 100n) / whole) / 100
}
