// What a request's page parameters mean, and which of them are refused.
import t from 'tap'
import { encodeCursor } from '../../../src/pagination/cursor.ts'
import {
  defineList,
  PageError,
  readPage,
  resolveId,
  type PageQuery,
  type PageRequest,
} from '../../../src/pagination/index.ts'

const keys = [
  { column: 'published_at', kind: 'timestamp' },
  { column: 'id', kind: 'id' },
] as const
const articles = defineList({ name: 'media/latest', keys, acceptsId: true })
const withoutIds = defineList({ name: 'media/latest', keys })
const filters = { source: 'x' }
const query: PageQuery = { limit: 20, order: 'desc' }
const limits = { maxOffset: 1000 }

const read = (given: Partial<PageQuery>, list = articles): PageRequest =>
  readPage(list, { ...query, ...given }, filters, limits)
const base = { list: articles, order: 'desc', filters, limit: 20, countTotal: false }

function refusal(attempt: () => unknown): PageError {
  try {
    attempt()
  } catch (error) {
    if (error instanceof PageError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

t.test('neither offset nor cursor is the first cursor page', (t) => {
  t.strictSame(read({}), { kind: 'cursor', ...base, position: null })
  t.strictSame(read({ offset: undefined, cursor: undefined, count: undefined }), read({}))
  t.end()
})

t.test('an offset is an offset page, zero too', (t) => {
  for (const offset of [0, 7, 1000])
    t.strictSame(read({ offset }), { kind: 'offset', ...base, offset, maxOffset: 1000 })
  t.end()
})

t.test('a cursor is a position; page size and count may change on the way', (t) => {
  const position = { direction: 'backward', values: ['2025-10-23T00:00:00Z', '7'], inclusive: true } as const
  const cursor = encodeCursor({ list: articles, order: 'desc', filters }, position)
  t.strictSame(read({ cursor, limit: 3, count: 'exact' }), {
    kind: 'cursor',
    ...base,
    limit: 3,
    countTotal: true,
    position,
  })
  t.end()
})

t.test('a cursor that begins with a digit is not taken for an id', (t) => {
  const cursors = Array.from({ length: 200 }, (_, id) => {
    const values = ['2025-10-23T00:00:00Z', String(id + 1)]
    return encodeCursor(
      { list: articles, order: 'desc', filters },
      { direction: 'forward', values, inclusive: false },
    )
  })
  t.ok(cursors.some((cursor) => /^\d/.test(cursor)))
  for (const cursor of cursors) t.equal(read({ cursor }).kind, 'cursor', cursor.slice(0, 10))
  t.end()
})

t.test('both at once are a conflict, whatever they hold', (t) => {
  for (const [offset, cursor] of [
    [0, ''],
    [5, 'rubbish'],
    [10 ** 9, '7'],
  ] as const) {
    const error = refusal(() => read({ offset, cursor }))
    t.equal(error.code, 'pagination_conflict')
    t.strictSame(error.parameters, ['offset', 'cursor'])
    t.equal(error.message, 'give either offset or cursor, not both')
    t.equal(error.name, 'PageError')
  }
  t.end()
})

t.test('an offset too deep is refused with the way on', (t) => {
  for (const offset of [1001, 10 ** 9, 9_999_999_999_999_999, Infinity]) {
    const error = refusal(() => read({ offset }))
    t.equal(error.code, 'offset_too_large')
    t.strictSame(error.parameters, ['offset'])
    t.match(error.message, /^an offset is at most 1000;.* pass each pagination\.next_cursor on as cursor$/)
  }
  t.equal(read({ offset: 1000 }).kind, 'offset')
  t.end()
})

t.test('an empty or broken cursor is never the first page', (t) => {
  for (const cursor of ['', ' ', 'null', 'undefined', '0x10', '-1', '1.5', '1e3']) {
    t.equal(refusal(() => read({ cursor })).code, 'cursor_malformed', JSON.stringify(cursor))
  }
  t.end()
})

t.test('a plain id is taken where the list says so', (t) => {
  t.strictSame(read({ cursor: '123' }), { kind: 'after-id', ...base, id: '123' })
  t.strictSame(read({ cursor: '9223372036854775807' }), {
    kind: 'after-id',
    ...base,
    id: '9223372036854775807',
  })
  for (const cursor of ['0', '007', '9223372036854775808', '9'.repeat(20), '9'.repeat(200)]) {
    t.equal(refusal(() => read({ cursor })).code, 'cursor_malformed', cursor)
  }
  const error = refusal(() => read({ cursor: '123' }, withoutIds))
  t.equal(error.code, 'cursor_malformed')
  t.strictSame(error.parameters, ['cursor'])
  t.end()
})

t.test('a plain id becomes the place behind its row', (t) => {
  const request = read({ cursor: '123', limit: 5, count: 'exact' })
  if (request.kind !== 'after-id') throw new Error('not an id page')
  t.strictSame(resolveId(request, ['2025-10-23T00:00:00Z', '123']), {
    kind: 'cursor',
    ...base,
    limit: 5,
    countTotal: true,
    position: { direction: 'forward', values: ['2025-10-23T00:00:00Z', '123'], inclusive: false },
  })
  const error = refusal(() => resolveId(request, null))
  t.equal(error.code, 'cursor_unknown_id')
  t.strictSame(error.parameters, ['cursor'])
  t.match(error.message, '123')
  t.end()
})

t.test('numbers that a schema should have stopped are defects, not pages', (t) => {
  for (const limit of [0, -1, 1.5, NaN, Infinity, 2 ** 53])
    t.throws(() => read({ limit }), {
      name: 'RangeError',
      message: `limit must be a whole number from 1, not ${limit}`,
    })
  for (const offset of [-1, 1.5, NaN, -Infinity])
    t.throws(() => read({ offset }), {
      name: 'RangeError',
      message: `offset must be a whole number from 0, not ${offset}`,
    })
  t.end()
})

t.test('a list of as many keys and letters as there may be is defined', (t) => {
  const most = { name: 'az/09_-'.padEnd(64, 'n'), keys: [keys[0], keys[0], keys[0], keys[1]] }
  t.strictSame(defineList(most), { ...most, acceptsId: false })
  t.strictSame(defineList({ ...most, acceptsId: true }), { ...most, acceptsId: true })
  t.strictSame(defineList({ name: 'x', keys: [keys[0]] }).keys, [keys[0]])
  t.end()
})

t.test('a list that cannot work is not defined', (t) => {
  const definition = { name: 'x', keys }
  t.throws(() => defineList({ ...definition, name: 'É/x' }), TypeError)
  t.throws(() => defineList({ ...definition, name: 'x/É' }), { message: 'not a list name: x/É' })
  t.throws(() => defineList({ ...definition, keys: [] }), { message: 'a list has 1 to 4 keys: x' })
  t.throws(() => defineList({ ...definition, keys: [keys[0]], acceptsId: true }), {
    message: 'the last key of x is not an id',
  })
  t.throws(() => defineList({ ...definition, name: 'Ünicode' }), TypeError)
  t.throws(() => defineList({ ...definition, name: 'n'.repeat(65) }), TypeError)
  t.throws(() => defineList({ ...definition, keys: [] }), TypeError)
  t.throws(
    () => defineList({ ...definition, keys: [keys[0], keys[0], keys[0], keys[0], keys[1]] }),
    TypeError,
  )
  t.throws(() => defineList({ ...definition, keys: [keys[1], keys[0]], acceptsId: true }), TypeError)
  t.end()
})
