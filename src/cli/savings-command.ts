// `savings`: what analyses cost and what was saved, as a table.
import type { CommandContext } from './context.ts'
import { EXIT } from './exits.ts'
import { addressText, queryOf, read } from './service.ts'
import { table } from './show.ts'

export interface SavingsOptions {
  from?: string
  to?: string
  by: 'day' | 'analyser'
}

type Row = Record<string, unknown>

export async function runSavings(context: CommandContext, { from, to, by }: SavingsOptions): Promise<number> {
  const answer = await read(context.address, `api/v1/analyses/savings?${queryOf({ from, to, by })}`)
  const { data = [], total = {} } = answer as { data?: Row[]; total?: Row }
  const rows = [...data.map((row) => rowOf(String(row[by]), row)), rowOf('total', total)]
  const named = rows.map(({ name, ...row }) => ({ [by]: name, ...row }))
  const { roi } = total
  const gain = typeof roi === 'number' ? [`for each unit spent, ${roi} were saved`] : []
  context.output(answer, [`${addressText(context.address)}:`, table(named, '  '), ...gain].join('\n'))
  return EXIT.ok
}

function rowOf(name: string, row: Row): Row {
  const { calls, failures, hits, shared, hit_rate: rate, spent, saved, currency } = row
  const share = typeof rate === 'number' ? `${(100 * rate).toFixed(1)} %` : null
  return { name, calls, failures, hits, shared, 'hit rate': share, spent, saved, currency }
}
