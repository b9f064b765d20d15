// From rows to an answer: their order, what it says of its ends, and where its cursors lead.
import t from 'tap'
import { decodeCursor, type Position } from '../../../src/pagination/cursor.ts'
import { defineList, finishPage, type Order } from '../../../src/pagination/index.ts'
import type { CursorPage, OffsetPage } from '../../../src/pagination/request.ts'

const list = defineList({ name: 'x', keys: [{ column: 'id', kind: 'id' }] })
const base = { list, filters: {}, limit: 2, countTotal: false, order: 'desc' as Order }
const reader = { itemOf: (id: number) => ({ id }), keysOf: (id: number) => [String(id)] }

const cursorPage = (position: Position | null): CursorPage => ({ ...base, kind: 'cursor', position })
const at = (direction: Position['direction'], id: number, inclusive = false): Position => ({
  direction,
  values: [String(id)],
  inclusive,
})
const read = (cursor: string | null): Position | null => (cursor === null ? null : decodeCursor(base, cursor))

/** The answer, with what its cursors say. */
function finished(
  page: CursorPage | OffsetPage,
  rows: number[],
  { otherSide = false, total = null as number | null } = {},
) {
  const { envelope } = finishPage(page, { rows, otherSide, total }, reader)
  const { pagination } = envelope
  const prev = pagination.type === 'cursor' ? read(pagination.prev_cursor) : undefined
  return { envelope, ids: envelope.data.map(({ id }) => id), next: read(pagination.next_cursor), prev }
}

t.test('one row too many is read, tells that there is more, and is left out', (t) => {
  const { envelope, ids, next, prev } = finished(cursorPage(null), [9, 8, 7])
  t.strictSame(ids, [9, 8])
  t.match(envelope, { count: 2, limit: 2, pagination: { type: 'cursor', has_next: true, has_prev: false } })
  t.strictSame(next, at('forward', 8))
  t.equal(prev, null)
  t.notOk('total' in envelope.pagination, 'nothing was counted')
  t.end()
})

t.test('a page that is full to the row is the last', (t) => {
  const { envelope, ids, next } = finished(cursorPage(null), [9, 8])
  t.strictSame(ids, [9, 8])
  t.equal(envelope.pagination.has_next, false)
  t.equal(next, null)
  t.end()
})

t.test('a page in the middle leads on from its last row and back from its first', (t) => {
  const { envelope, next, prev } = finished(cursorPage(at('forward', 10)), [9, 8, 7], { otherSide: true })
  t.match(envelope.pagination, { has_next: true, has_prev: true })
  t.strictSame(next, at('forward', 8))
  t.strictSame(prev, at('backward', 9))
  t.end()
})

t.test('what is read backward is answered in the order asked for', (t) => {
  const page = cursorPage(at('backward', 5))
  const middle = finished(page, [6, 7, 8], { otherSide: true })
  t.strictSame(middle.ids, [7, 6])
  t.strictSame([middle.next, middle.prev], [at('forward', 6), at('backward', 7)])
  const first = finished(page, [6, 7], { otherSide: true })
  t.match(first.envelope.pagination, { has_next: true, has_prev: false })
  t.strictSame([first.next, first.prev], [at('forward', 6), null])
  const short = finished(page, [6], { otherSide: true })
  t.strictSame([short.ids, short.next, short.prev], [[6], at('forward', 6), null])
  const alone = finished(page, [6, 7])
  t.match(alone.envelope.pagination, { has_next: false, has_prev: false })
  t.end()
})

t.test(
  'from an empty page the way back begins at its own boundary, with its row where that was left out',
  (t) => {
    t.strictSame(
      finished(cursorPage(at('forward', 3)), [], { otherSide: true }).prev,
      at('backward', 3, true),
    )
    t.strictSame(
      finished(cursorPage(at('forward', 3, true)), [], { otherSide: true }).prev,
      at('backward', 3),
    )
    t.strictSame(
      finished(cursorPage(at('backward', 9)), [], { otherSide: true }).next,
      at('forward', 9, true),
    )
    const none = finished(cursorPage(null), [], { otherSide: true })
    t.match(none.envelope, { data: [], count: 0, pagination: { has_next: false, has_prev: false } })
    t.end()
  },
)

t.test('what was counted is said, nothing too', (t) => {
  for (const total of [0, 12])
    t.equal(finished(cursorPage(null), [], { total }).envelope.pagination.total, total)
  t.end()
})

t.test('a page by offset says where it begins, and has a cursor to go on by', (t) => {
  const page: OffsetPage = { ...base, kind: 'offset', offset: 4, maxOffset: 100 }
  const { envelope, ids, next } = finished(page, [5, 4, 3], { total: 9 })
  t.strictSame(ids, [5, 4])
  t.match(envelope.pagination, { type: 'offset', offset: 4, has_next: true, total: 9 })
  t.strictSame(next, at('forward', 4))
  const last = finished(page, [5, 4])
  t.strictSame(last.envelope.pagination, { type: 'offset', offset: 4, has_next: false, next_cursor: null })
  t.end()
})
