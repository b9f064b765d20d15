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

/** What a row means. */
export interface RowReader<Row, Item> {
  itemOf: (row: Row) => Item
  /** One text per key of the list. Asked of the first and the last row of a page at most. */
  keysOf: (row: Row) => readonly string[]
}

/** The answer to `request`, given what `seek(request)` asked to be read. */
export function finishPage<Row, Item>(
  request: ReadablePage,
  scan: Scan<Row>,
  { itemOf, keysOf }: RowReader<Row, Item>,
): ListPage<Item> {
  const rows = scan.rows.slice(0, request.limit)
  const hasMore = scan.rows.length > request.limit
  if (request.kind === 'cursor' && request.position?.direction === 'backward') rows.reverse()
  const keysAt = (index: number): Keys => {
    const row = rows.at(index)
    return row === undefined ? null : keysOf(row)
  }
  const { pagination, link } =
    request.kind === 'offset'
      ? offsetPage(request, keysAt, hasMore)
      : cursorPage(request, keysAt, hasMore, scan.otherSide)
  if (scan.total !== null) pagination.total = scan.total
  const data = rows.map((row) => itemOf(row))
  return { envelope: { data, count: data.length, limit: request.limit, pagination }, link }
}

/** null where the page is empty. */
type Keys = readonly string[] | null
/** Of a row of the page in the order asked for, as `at` of arrays counts. */
type KeysAt = (index: number) => Keys

interface Finished {
  pagination: Pagination
  link: string
}

function cursorPage(request: CursorPage, keysAt: KeysAt, hasMore: boolean, otherSide: boolean): Finished {
  const isBackward = request.position?.direction === 'backward'
  const cursorTo = (direction: Position['direction']): string | null => {
    const isOnward = direction === (isBackward ? 'backward' : 'forward')
    if (!(isOnward ? hasMore : otherSide)) return null
    const position = edgeOf(keysAt, direction) ?? turnedRound(request.position)
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

function offsetPage(request: OffsetPage, keysAt: KeysAt, hasMore: boolean): Finished {
  const { offset, limit } = request
  const position = hasMore ? edgeOf(keysAt, 'forward') : null
  const cursor = position && encodeCursor(request, position)
  const next = cursor === null ? null : placeBehind(request, cursor)
  const addressOf = pageAddresses(request)
  return {
    pagination: { type: 'offset', offset, has_next: hasMore, next_cursor: cursor },
    link: linkHeader({
      first: addressOf({ offset: 0 }),
      prev: offset === 0 ? null : addressOf({ offset: Math.max(0, offset - limit) }),
      next: next && addressOf(next),
    }),
  }
}

/** The next offset; past the deepest one the same place as a cursor, so that following links ends only where the rows do. */
function placeBehind(request: OffsetPage, cursor: string): Place {
  const offset = request.offset + request.limit
  return offset <= request.maxOffset ? { offset } : { cursor }
}

/** Just outside the page, at its end or its beginning; null when it is empty. */
function edgeOf(keysAt: KeysAt, direction: Position['direction']): Position | null {
  const values = keysAt(direction === 'forward' ? -1 : 0)
  return values && { direction, values, inclusive: false }
}

/** The way back from an empty page: the same boundary in the other direction, with its own row where that was not read before. */
function turnedRound(position: Position | null): Position | null {
  if (position === null) return null
  const direction = position.direction === 'forward' ? 'backward' : 'forward'
  return { direction, values: position.values, inclusive: !position.inclusive }
}
