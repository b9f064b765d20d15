// Which clears reach what was paid for: those that name it. A clear of everything leaves it.
import { compileSelector, type Selector } from '../cache/index.ts'
import type { ResultFilter, Voided } from '../db/analysis-results.ts'
import { formatMoney } from './money.ts'

const KIND_OF = { text: 'text', analysis: 'file' } as const
const GLOB = /[*?[\\]/

/** The results that a clear voids in PostgreSQL; null where it names none. A pattern names them that can match nothing else by its beginning. */
export function resultsNamedBy(selector: Selector): ResultFilter | null {
  if (selector.kind === 'tag') return null
  const named = (Object.keys(KIND_OF) as (keyof typeof KIND_OF)[]).filter((category) =>
    beginning(selector).startsWith(category),
  )
  if (named.length === 0) return null
  const matches = compileSelector(selector)
  return { kinds: named.map((category) => KIND_OF[category]), hash: null, matches: (key) => matches(key, []) }
}

/** What each key begins with that is selected. */
function beginning({ kind, selector }: Selector): string {
  return kind === 'pattern' ? (selector.split(GLOB, 1)[0] ?? '') : selector
}

/** As answers say it. */
export function voidedAnswer({ count, costs }: Voided): {
  count: number
  cost: { amount: string; currency: string }[]
} {
  return {
    count,
    cost: costs.map(({ currency, micros }) => ({ amount: formatMoney(micros), currency })),
  }
}

/** As people read it. */
export function voidedText(voided: Voided): string {
  const { count, cost } = voidedAnswer(voided)
  const price = cost.map(({ amount, currency }) => `${amount} ${currency}`).join(' and ')
  return `${count} kept ${count === 1 ? 'result' : 'results'} of analyses${price === '' ? '' : ` that cost ${price}`}`
}
