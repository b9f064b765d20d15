// Which page a request asks for: an offset, a cursor, a plain id, or the first one.
import { decodeCursor, malformed, type Binding, type Position } from './cursor.ts'
import { PageError } from './errors.ts'
import { isKeyText, type Filters, type ListDefinition } from './list.ts'
import type { PageQuery } from './schema.ts'

interface PageBase extends Binding {
  /** Rows of the page at most. */
  limit: number
  /** Whether all rows of the list are to be counted. */
  countTotal: boolean
}

export interface OffsetPage extends PageBase {
  kind: 'offset'
  offset: number
  /** Deepest offset that is answered; links go on by cursor from there. */
  maxOffset: number
}

export interface CursorPage extends PageBase {
  kind: 'cursor'
  /** null: from the beginning. */
  position: Position | null
}

/** A page behind the row with this id, whose key has yet to be looked up: see `resolveId`. */
export interface AfterIdPage extends PageBase {
  kind: 'after-id'
  id: string
}

/** A page that can be read as it is. */
export type ReadablePage = OffsetPage | CursorPage
export type PageRequest = ReadablePage | AfterIdPage

const DIGITS = /^\d+$/

/**
 * Reads the page parameters of a request.
 *
 * @param query validated by `PageQuerySchema`.
 * @param filters in canonical form, defaults filled in: a cursor is bound to them and links repeat them.
 * @throws PageError for what the client has to change; RangeError for numbers that no schema would have let through.
 */
export function readPage(
  list: ListDefinition,
  query: PageQuery,
  filters: Filters,
  limits: { maxOffset: number },
): PageRequest {
  const { limit, order, offset, cursor, count } = query
  requireInteger('limit', limit, 1)
  const base = { list, order, filters, limit, countTotal: count === 'exact' }

  if (offset !== undefined) {
    if (cursor !== undefined) {
      throw new PageError(
        'pagination_conflict',
        ['offset', 'cursor'],
        'give either offset or cursor, not both',
      )
    }
    // First, because a whole number past 2^53 is too large, not a defect.
    if (offset > limits.maxOffset) throw offsetTooLarge(limits.maxOffset)
    requireInteger('offset', offset, 0)
    return { kind: 'offset', ...base, offset, maxOffset: limits.maxOffset }
  }
  if (cursor === undefined) return { kind: 'cursor', ...base, position: null }
  // No token consists of digits only: the first character of base64 of JSON is a letter.
  if (list.acceptsId && isPlainId(cursor)) {
    if (!isKeyText('id', cursor)) throw malformed()
    return { kind: 'after-id', ...base, id: cursor }
  }
  return { kind: 'cursor', ...base, position: decodeCursor(base, cursor) }
}

/** Whether a cursor is the id of a row, where a list takes that. */
export function isPlainId(cursor: string | undefined): boolean {
  return cursor !== undefined && DIGITS.test(cursor)
}

/**
 * The page behind a row, once its key is known.
 *
 * @param values key texts of the row with `request.id`, or null when there is no such row.
 * @throws PageError `cursor_unknown_id`.
 */
export function resolveId(request: AfterIdPage, values: readonly string[] | null): CursorPage {
  if (values === null) {
    throw new PageError(
      'cursor_unknown_id',
      ['cursor'],
      `there is no row with the id ${request.id} to go on from; start again without a cursor`,
    )
  }
  const { list, order, filters, limit, countTotal } = request
  const position: Position = { direction: 'forward', values, inclusive: false }
  return { kind: 'cursor', list, order, filters, limit, countTotal, position }
}

function offsetTooLarge(maxOffset: number): PageError {
  return new PageError(
    'offset_too_large',
    ['offset'],
    `an offset is at most ${maxOffset}; to read further, page by cursor: leave offset out and pass each ` +
      'pagination.next_cursor on as cursor',
  )
}

function requireInteger(name: string, value: number, minimum: number): void {
  if (!Number.isSafeInteger(value) || value < minimum) {
    throw new RangeError(`${name} must be a whole number from ${minimum}, not ${value}`)
  }
}
