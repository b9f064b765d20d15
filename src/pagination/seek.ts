// What a statement has to do for a page: where to start, which way to read, how far, and where else to look.
import { compareKeyTexts, type ListDefinition } from './list.ts'
import type { ReadablePage } from './request.ts'
import type { Order } from './schema.ts'

/** A row comparison: the first keys of the list, one or more of them, against these texts. */
export interface KeyBound {
  values: readonly string[]
  /** Whether rows that are equal in these keys belong to it. */
  inclusive: boolean
}

/** Both in the order of the keys, whichever way they are read; null where there is no bound. */
export interface KeyBounds {
  lower: KeyBound | null
  upper: KeyBound | null
}

/** First and last value of the leading key that a list has, both included, in canonical form. */
export interface KeyRange {
  from?: string | undefined
  to?: string | undefined
}

export interface Seek {
  /** Direction to sort and read in, the same for all keys; a backward page reads against the order asked for. */
  scan: Order
  /** Rows to skip, from the beginning of the list. */
  offset: number
  /** Rows to read: one more than the page holds tells whether there are more. */
  fetch: number
  /** Between these lie the rows of the page, and what follows them. */
  page: KeyBounds
  /** Whether a row lies between these decides about the way back. null: there is nothing behind the beginning. */
  otherSide: KeyBounds | null
  /** Between these lies the whole list. */
  list: KeyBounds
}

/** The rows read for a page. */
export interface Scan<Row> {
  /** Up to `fetch` of them, in reading order. */
  rows: readonly Row[]
  otherSide: boolean
  /** All rows under the filters, or null when they were not counted. */
  total: number | null
}

export function seek(request: ReadablePage, range: KeyRange = {}): Seek {
  const list = { lower: boundOf(range.from), upper: boundOf(range.to) }
  const fetch = request.limit + 1
  const { order } = request
  if (request.kind === 'offset')
    return { scan: order, offset: request.offset, fetch, page: list, otherSide: null, list }
  const { position } = request
  if (position === null) return { scan: order, offset: 0, fetch, page: list, otherSide: null, list }

  const { direction, values, inclusive } = position
  const scan = direction === 'forward' ? order : opposite(order)
  const [start, end] = scan === 'asc' ? (['lower', 'upper'] as const) : (['upper', 'lower'] as const)
  const narrowed = (side: 'lower' | 'upper', bound: KeyBound): KeyBounds => ({
    ...list,
    [side]: tighter(request.list, side, list[side], bound),
  })
  return {
    scan,
    offset: 0,
    fetch,
    page: narrowed(start, { values, inclusive }),
    // Each row is on exactly one side: the boundary's own row goes where it is not read.
    otherSide: narrowed(end, { values, inclusive: !inclusive }),
    list,
  }
}

export function opposite(order: Order): Order {
  return order === 'asc' ? 'desc' : 'asc'
}

function boundOf(value: string | undefined): KeyBound | null {
  return value === undefined ? null : { values: [value], inclusive: true }
}

/**
 * One bound on either side: given two, PostgreSQL may begin to read at the end of the range and throw away all the rows before the page.
 * A range includes its ends, so where a position lies on one of them, the position is the tighter bound.
 */
function tighter(
  { keys }: ListDefinition,
  side: 'lower' | 'upper',
  ofRange: KeyBound | null,
  ofPosition: KeyBound,
): KeyBound {
  const [rangeEnd, value, kind] = [ofRange?.values[0], ofPosition.values[0], keys[0]?.kind]
  if (ofRange === null || rangeEnd === undefined || value === undefined || kind === undefined)
    return ofPosition
  const beyond = compareKeyTexts(kind, value, rangeEnd)
  return (side === 'lower' ? beyond < 0 : beyond > 0) ? ofRange : ofPosition
}
