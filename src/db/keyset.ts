// Lists in SQL: one statement, and so one snapshot, for the rows of a page, the way back and the count.
import { sql, type SQL } from 'drizzle-orm'
import {
  finishPage,
  opposite,
  resolveId,
  seek,
  type AfterIdPage,
  type KeyBounds,
  type KeyRange,
  type ListDefinition,
  type ListPage,
  type Order,
  type PageRequest,
  type ReadablePage,
  type Scan,
  type Seek,
} from '../pagination/index.ts'
import type { Database } from './client.ts'
import {
  columnsOfTexts,
  keyColumns,
  keyParameter,
  keyParameters,
  keyTexts,
  listed,
  readKeyTexts,
  sorted,
  type KeyTexts,
} from './key-columns.ts'

/**
 * What a list reads. Where this is a constant, with placeholders for what requests give, each of its statements is put together and compiled once:
 * that is a tenth of what a miss costs.
 */
export interface KeysetSource<Row = unknown> {
  /** Table or join to read from. */
  from: SQL
  /** Select list, typed by the rows it gives; no name in it may begin with `page_`. */
  columns: SQL<Row>
  /** Conditions of the list, all of which must hold; the one that its index leads with goes into `fixed`. */
  filters: readonly SQL[]
  /**
   * The column (or expression) that the list's index has in front of the keys, with the only value that the list has of it. It is compared,
   * and sorted by, as the keys are: told `column = value`, PostgreSQL takes any index that has the order and expects to come across the
   * value soon, and where a value is common but far away it reads everything in between.
   */
  fixed?: { column: SQL; value: SQL } | undefined
  /** Each key column of the list, qualified by its table: a bare name could mean a column of the select list. */
  keys: Readonly<Record<string, SQL>>
}

/** What a request gives. */
export interface Given {
  /** Ends of the leading key. */
  range?: KeyRange
  /** Of the placeholders in the source. */
  values?: Readonly<Record<string, unknown>>
}

/** What the statement adds to each row. */
interface PageColumns {
  page_other_side: boolean
  page_total: string | number | null
}

/**
 * One page of a list: looks up the row that a plain id names, runs the statement, turns rows into what the list shows.
 *
 * @throws PageError `cursor_unknown_id`, and what the database throws.
 */
export async function loadPage<Row, Item>(
  database: Pick<Database, 'rows'>,
  source: KeysetSource<Row>,
  request: PageRequest,
  toItem: (row: Row) => Item,
  given: Given = {},
): Promise<ListPage<Item>> {
  const page = request.kind === 'after-id' ? await findRow(database, source, request) : request
  const { statement, values } = keysetStatement(source, page, given)
  const { list } = page
  const rows = await database.rows<Row & PageColumns & KeyTexts>(statement, values)
  return finishPage(page, readScan(list, rows), {
    itemOf: toItem,
    // There are none only in the one row that says that a page is empty, and that is not among its rows.
    keysOf: (row) => readKeyTexts(list, row) ?? [],
  })
}

/** The statement for a page, and the values of its placeholders. It always returns a row. */
export function keysetStatement(
  source: KeysetSource,
  request: ReadablePage,
  { range, values: given }: Given = {},
): { statement: SQL; values: Record<string, unknown> } {
  const plan = seek(request, range)
  // Those given last: see `heldEntry` in memory.ts.
  const values: Record<string, unknown> = { page_fetch: plan.fetch, page_offset: plan.offset, ...given }
  const skips = plan.offset > 0
  const bounds = PLACES.map((place) => noteBounds(values, place, plan[place])).join(';')
  const shape = `${request.list.name} ${plan.scan} ${bounds} ${skips} ${request.countTotal}`
  let statements = STATEMENTS.get(source)
  if (statements === undefined) STATEMENTS.set(source, (statements = new Map<string, SQL>()))
  let statement = statements.get(shape)
  if (statement === undefined) statements.set(shape, (statement = statementOf(source, request, plan)))
  return { statement, values }
}

/** By source and by shape, which is all that two statements of a source can differ in: there are some hundred of these. */
const STATEMENTS = new WeakMap<KeysetSource, Map<string, SQL>>()

function statementOf(source: KeysetSource, { list, countTotal }: ReadablePage, plan: Seek): SQL {
  const columns = keyColumns(list, source.keys)
  const whole = wholeKey(source, columns)
  const rows = (place: Place, start?: OffsetBound) => rowsOf(source, list, whole, plan, place, start)
  const page = plan.offset === 0 ? rows('page') : rows('list', offsetBound(plan.scan, whole, rows('list')))
  return sql`
    select around.*, page.*
    from (
      select ${plan.otherSide ? isThere(rows('otherSide'), sorted(whole, opposite(plan.scan))) : sql`false`} as page_other_side,
        ${countTotal ? sql`(select count(*) ${rows('list')})` : sql`null::bigint`} as page_total
    ) around
    left join (
      select ${source.columns}, ${keyTexts(list, columns)}
      ${page}
      order by ${sorted(whole, plan.scan)} limit ${sql.placeholder('page_fetch')}
    ) page on true
    order by ${sorted(columnsOfTexts(list, sql`page`), plan.scan)}`
}

/** Bounds that a statement may have. */
const PLACES = ['page', 'otherSide', 'list'] as const
type Place = (typeof PLACES)[number]
const SIDES = ['lower', 'upper'] as const

/** Adds the values of the bounds; the result says of them what the text of a statement depends on. */
function noteBounds(values: Record<string, unknown>, place: Place, bounds: KeyBounds | null): string {
  let shape = ''
  for (const side of SIDES) {
    const bound = bounds?.[side] ?? null
    shape += bound === null ? '-' : `${bound.values.length}${bound.inclusive ? '=' : ''}`
    bound?.values.forEach((value, index) => (values[nameOf(place, side, index)] = value))
  }
  return bounds === null ? '' : shape
}

function nameOf(place: Place, side: keyof KeyBounds, index: number): string {
  return `page_${place}_${side}_${index}`
}

/** What the rows of `keysetStatement` say. */
function readScan<Row extends PageColumns & KeyTexts>(list: ListDefinition, rows: readonly Row[]): Scan<Row> {
  const [first] = rows
  // Where the page is empty, there is a row without keys.
  const isEmpty = first === undefined || readKeyTexts(list, first) === null
  const total = first?.page_total ?? null
  return {
    rows: isEmpty ? [] : rows,
    otherSide: first?.page_other_side ?? false,
    total: total === null ? null : Number(total),
  }
}

/** The row may lie outside the filters: it stands for a place in the order, which it has all the same. */
async function findRow(
  database: Pick<Database, 'rows'>,
  source: KeysetSource,
  request: AfterIdPage,
): Promise<ReadablePage> {
  const { list, id } = request
  const columns = keyColumns(list, source.keys)
  const isRow = sql`${columns.at(-1)} = ${keyParameter('id', id)}`
  const [row] = await database.rows<KeyTexts>(
    sql`select ${keyTexts(list, columns)} from ${source.from} where ${isRow}`,
  )
  return resolveId(request, row === undefined ? null : readKeyTexts(list, row))
}

/**
 * Whether there is a row; `order` leads to the nearest one.
 *
 * Not `exists`: PostgreSQL drops the order inside that, then expects to come across a row soon wherever it begins, and reads half the table
 * when the rows lie there in the order of their keys. The nearest row is one look into the index.
 */
function isThere(rows: SQL, order: SQL): SQL {
  return sql`coalesce((select true ${rows} order by ${order} limit 1), false)`
}

/**
 * Skips rows by their keys, which the index has: `offset` beside the select list would compute that for each row it skips. Past the end
 * there is no key, and nothing compares to that.
 */
function offsetBound(scan: Order, whole: readonly SQL[], rows: SQL): OffsetBound {
  const [side, operator] = scan === 'asc' ? (['lower', '>='] as const) : (['upper', '<='] as const)
  const first = sql`select ${listed(whole)} ${rows} order by ${sorted(whole, scan)} limit 1 offset ${sql.placeholder('page_offset')}`
  return { side, condition: sql`(${listed(whole)}) ${sql.raw(operator)} (${first})` }
}

/** Stands for the bound on its side: see `tighter` in seek.ts for why there is one only. */
interface OffsetBound {
  side: keyof KeyBounds
  condition: SQL
}

/** All columns of the index that the list is read by. */
function wholeKey({ fixed }: KeysetSource, columns: readonly SQL[]): SQL[] {
  return fixed === undefined ? [...columns] : [fixed.column, ...columns]
}

function rowsOf(
  source: KeysetSource,
  list: ListDefinition,
  whole: readonly SQL[],
  plan: Seek,
  place: Place,
  start?: OffsetBound,
): SQL {
  const fixed = source.fixed === undefined ? [] : [source.fixed.value]
  const condition = (side: keyof KeyBounds): SQL[] => {
    if (start?.side === side) return [start.condition]
    const bound = plan[place]?.[side]
    const names = bound?.values.map((_, index) => sql.placeholder(nameOf(place, side, index)))
    const values = [...fixed, ...keyParameters(list, names ?? [])]
    if (values.length === 0) return []
    const operator = `${side === 'lower' ? '>' : '<'}${bound?.inclusive === false ? '' : '='}`
    return [sql`(${listed(whole.slice(0, values.length))}) ${sql.raw(operator)} (${listed(values)})`]
  }
  const conditions = [...source.filters, ...condition('lower'), ...condition('upper')]
  return conditions.length === 0
    ? sql`from ${source.from}`
    : sql`from ${source.from} where ${sql.join(conditions, sql` and `)}`
}
