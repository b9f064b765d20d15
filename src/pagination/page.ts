// From the rows that were read to the answer: order, ends, cursors, links.
import { encodeCursor, type Position } from './cursor.ts'
import { linkHeader, pageAddresses, type Place } from './links.ts'
import type { CursorPage, OffsetPage, ReadablePage } from './request.ts'
import type { Pagination } from './schema.ts'
import type { Scan } from './seek.ts'

export interface ListEnvelope<Item> {
  data: Item[]
  /** Rows on this page. */
  count: number
  /** Page size that was asked for. */
  limit: number
  pagination: Pagination
}

export interface ListPage<Item> {
  envelope: ListEnvelope<Item>
  /** Value of the Link header. */
  link: string
}

type Rows<Item> = Scan<Item>['rows']

/** The answer to `request`, given what `seek(request)` asked to be read. */
export function finishPage<Item>(request: ReadablePage, scan: Scan<Item>): ListPage<Item> {
  const rows = scan.rows.slice(0, request.limit)
  const hasMore = scan.rows.length > request.limit
  const { pagination, link } =
    request.kind === 'offset'
      ? offsetPage(request, rows, hasMore)
      : cursorPage(request, rows, hasMore, scan.otherSide)
  if (scan.total !== null) pagination.total = scan.total
  const data = rows.map((row) => row.item)
  return { envelope: { data, count: data.length, limit: request.limit, pagination }, link }
}

interface Finished {
  pagination: Pagination
  link: string
}

function cursorPage(
  request: CursorPage,
  rows: Rows<unknown>,
  hasMore: boolean,
  otherSide: boolean,
): Finished {
  const isBackward = request.position?.direction === 'backward'
  if (isBackward) rows.reverse()
  const cursorTo = (direction: Position['direction']): string | null => {
    const isOnward = direction === (isBackward ? 'backward' : 'forward')
    if (!(isOnward ? hasMore : otherSide)) return null
    const position = edgeOf(rows, direction) ?? turnedRound(request.position)
    return position && encodeCursor(request, position)
  }
  const next = cursorTo('forward')
  const prev = cursorTo('backward')
  const addressOf = pageAddresses(request)
  return {
    pagination: {
      type: 'cursor',
      has_next: next !== null,
      has_prev: prev !== null,
      next_cursor: next,
      prev_cursor: prev,
    },
    link: linkHeader({
      first: addressOf(null),
      prev: prev === null ? null : addressOf({ cursor: prev }),
      next: next === null ? null : addressOf({ cursor: next }),
    }),
  }
}

function offsetPage(request: OffsetPage, rows: Rows<unknown>, hasMore: boolean): Finished {
  const { offset, limit } = request
  const next = hasMore ? placeBehind(request, rows) : null
  const addressOf = pageAddresses(request)
  return {
    pagination: { type: 'offset', offset, has_next: hasMore },
    link: linkHeader({
      first: addressOf({ offset: 0 }),
      prev: offset === 0 ? null : addressOf({ offset: Math.max(0, offset - limit) }),
      next: next && addressOf(next),
    }),
  }
}

/** The next offset; past the deepest one the same place as a cursor, so that following links ends only where the rows do. */
function placeBehind(request: OffsetPage, rows: Rows<unknown>): Place {
  const offset = request.offset + request.limit
  if (offset <= request.maxOffset) return { offset }
  const position = edgeOf(rows, 'forward')
  return position && { cursor: encodeCursor(request, position) }
}

/** Just outside the page, at its end or its beginning; null when it is empty. */
function edgeOf(rows: Rows<unknown>, direction: Position['direction']): Position | null {
  const row = direction === 'forward' ? rows.at(-1) : rows[0]
  return row === undefined ? null : { direction, values: row.keys, inclusive: false }
}

/** The way back from an empty page: the same boundary in the other direction, with its own row where that was not read before. */
function turnedRound(position: Position | null): Position | null {
  if (position === null) return null
  const direction = position.direction === 'forward' ? 'backward' : 'forward'
  return { direction, values: position.values, inclusive: !position.inclusive }
}
