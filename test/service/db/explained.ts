// A database that explains each statement it is asked, as it really ran: what the plans of the routes' own statements read.
import { fillPlaceholders } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import postgres from 'postgres'
import type { Database } from '../../../src/db/client.ts'

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  Filter?: string
  Plans?: PlanNode[]
}

/** What a statement may read at most. */
export interface Budget {
  /** Rows that one scan takes from a table or an index, those it throws away included. */
  rows: number
  /** Rows that are sorted. */
  sorted: number
}

export interface Statement {
  text: string
  parameters: unknown[]
  budget: Budget
  /** For the message: which list, filters and page. */
  label: string
}

/** Tables that fit a page or two of storage are read whole whatever indexes they have. */
const SMALL_TABLES = ['instruments', 'media_sources']
/** Of 8 KiB, for each row at worst: one of the table, and three or four on the way down an index. */
const BLOCKS_PER_ROW = 5
const BLOCKS_BESIDES = 20

/** The database, and a list that gets each statement asked of it from now on. */
export function recording(database: Database, budget: () => Pick<Statement, 'budget' | 'label'>) {
  const dialect = new PgDialect()
  const statements: Statement[] = []
  const rows: Database['rows'] = (statement, values = {}) => {
    const { sql: text, params } = dialect.sqlToQuery(statement)
    statements.push({ text, parameters: fillPlaceholders(params, values), ...budget() })
    return database.rows(statement, values)
  }
  return { database: { ...database, rows }, statements }
}

/**
 * Runs statements of one text as prepared ones, in their order, as a connection of the pool does: after the fifth, PostgreSQL may settle on a plan
 * that fits none of the parameters in particular.
 *
 * @returns one line for each that reads more than it may.
 */
export async function explainPrepared(session: postgres.Sql, statements: Statement[]): Promise<string[]> {
  await session.unsafe(`prepare asked as ${statements[0]?.text ?? ''}`)
  const complaints: string[] = []
  for (const { parameters, budget, label } of statements) {
    const values = parameters.length === 0 ? '' : `(${parameters.map(literal).join()})`
    const [row] = await session.unsafe<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
      `explain (analyze, buffers, timing off, format json) execute asked${values}`,
    )
    const flaws = flawsOf(row!['QUERY PLAN'][0].Plan, budget)
    if (flaws.length > 0) complaints.push(`${label}: ${flaws.join('; ')}`)
  }
  await session.unsafe('deallocate asked')
  return complaints
}

function flawsOf(plan: PlanNode, budget: Budget): string[] {
  const flaws = nodesOf(plan).flatMap((node) => {
    const type = node['Node Type']
    const read = rowsRead(node)
    if (type.includes('Sort')) {
      const sorted = Math.max(0, ...(node.Plans ?? []).map(rowsRead))
      return sorted > budget.sorted ? [`sorts ${sorted} rows`] : []
    }
    const table = node['Relation Name'] ?? node['Index Name']
    if (table === undefined || SMALL_TABLES.includes(table)) return []
    const name = `${type} on ${node['Index Name'] ?? table}`
    if (type === 'Seq Scan') return [name]
    return read > budget.rows ? [`${name} reads ${read} rows (filter: ${node.Filter ?? 'none'})`] : []
  })
  // Index entries that are passed over without being rows show only here.
  const blocks = plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
  if (blocks > BLOCKS_PER_ROW * budget.rows + BLOCKS_BESIDES) flaws.push(`touches ${blocks} blocks`)
  return flaws
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)]
}

function rowsRead(node: PlanNode): number {
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)
  return Math.round((node['Actual Rows'] + removed) * node['Actual Loops'])
}

function literal(value: unknown): string {
  return typeof value === 'number' ? String(value) : `'${String(value).replaceAll("'", "''")}'`
}
