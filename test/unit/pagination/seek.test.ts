// What is read for a page: from where, which way, how far, and where else to look.
import t from 'tap'
import type { Position } from '../../../src/pagination/cursor.ts'
import { defineList, opposite, seek, type Order } from '../../../src/pagination/index.ts'
import { compareKeyTexts, isKeyText } from '../../../src/pagination/list.ts'
import type { CursorPage, OffsetPage } from '../../../src/pagination/request.ts'

const list = defineList({
  name: 'media/latest',
  keys: [
    { column: 'published_at', kind: 'timestamp' },
    { column: 'id', kind: 'id' },
  ],
})
const base = { list, filters: {}, limit: 20, countTotal: false }
const values = ['2025-10-23T00:00:00.5Z', '7']
const WHOLE = { lower: null, upper: null }

const cursorPage = (order: Order, position: Partial<Position> | null): CursorPage => ({
  ...base,
  kind: 'cursor',
  order,
  position: position && { direction: 'forward', values, inclusive: false, ...position },
})

t.test('an offset is counted from the beginning of the list, with one row more than the page holds', (t) => {
  for (const order of ['asc', 'desc'] as const) {
    const page: OffsetPage = { ...base, kind: 'offset', order, offset: 40, maxOffset: 1000 }
    t.strictSame(seek(page), {
      scan: order,
      offset: 40,
      fetch: 21,
      page: WHOLE,
      otherSide: null,
      list: WHOLE,
    })
  }
  t.end()
})

t.test('the first page begins where the list does', (t) => {
  for (const order of ['asc', 'desc'] as const)
    t.strictSame(seek(cursorPage(order, null)), {
      scan: order,
      offset: 0,
      fetch: 21,
      page: WHOLE,
      otherSide: null,
      list: WHOLE,
    })
  t.end()
})

t.test(
  'a position bounds the page on one side and the way back on the other, and its row is in one of them',
  (t) => {
    for (const inclusive of [false, true]) {
      const bound = { values, inclusive }
      const other = { values, inclusive: !inclusive }
      for (const [order, direction, scan, side, otherSide] of [
        ['asc', 'forward', 'asc', 'lower', 'upper'],
        ['asc', 'backward', 'desc', 'upper', 'lower'],
        ['desc', 'forward', 'desc', 'upper', 'lower'],
        ['desc', 'backward', 'asc', 'lower', 'upper'],
      ] as const)
        t.strictSame(
          seek(cursorPage(order, { direction, inclusive })),
          {
            scan,
            offset: 0,
            fetch: 21,
            page: { ...WHOLE, [side]: bound },
            otherSide: { ...WHOLE, [otherSide]: other },
            list: WHOLE,
          },
          `${direction} in ${order}`,
        )
    }
    t.end()
  },
)

t.test('of a range and a position, the tighter bound stands alone', (t) => {
  const end = (text: string) => ({ values: [text], inclusive: true })
  const before = '2025-10-23T00:00:00Z'
  const same = '2025-10-23T00:00:00.5Z'
  const after = '2025-10-23T00:00:01Z'
  const position = { values, inclusive: false }
  const pageOf = (range: { from?: string; to?: string }) => {
    const { page, otherSide, list } = seek(cursorPage('asc', {}), range)
    return { page, otherSide, list }
  }
  t.strictSame(pageOf({ from: before, to: after }), {
    page: { lower: position, upper: end(after) },
    otherSide: { lower: end(before), upper: { values, inclusive: true } },
    list: { lower: end(before), upper: end(after) },
  })
  t.strictSame(pageOf({ from: after }).page, { lower: end(after), upper: null }, 'a range that begins later')
  t.strictSame(pageOf({ from: same }).page, { lower: position, upper: null }, 'one that begins there')
  t.strictSame(pageOf({ to: before }).otherSide, { lower: null, upper: end(before) }, 'one that ends sooner')
  t.strictSame(
    pageOf({ to: same }).otherSide,
    { lower: null, upper: { values, inclusive: true } },
    'one that ends there',
  )
  t.strictSame(seek(cursorPage('asc', null), { from: before }).page, { lower: end(before), upper: null })
  t.end()
})

t.test('the opposite of an order', (t) => {
  t.equal(opposite('asc'), 'desc')
  t.equal(opposite('desc'), 'asc')
  t.end()
})

t.test('keys compare as PostgreSQL orders them, however they are written', (t) => {
  const pairs = [
    ['id', '9', '10'],
    ['id', '9223372036854775806', '9223372036854775807'],
    ['date', '2025-09-30', '2025-10-01'],
    ['date', '2025-10-01', '2025-10-02'],
    ['timestamp', '2025-10-23T00:00:00Z', '2025-10-23T00:00:00.000001Z'],
    ['timestamp', '2025-10-23T00:00:00.12Z', '2025-10-23T00:00:00.123Z'],
    ['timestamp', '2025-10-23T00:00:00.9Z', '2025-10-23T00:00:01Z'],
  ] as const
  for (const [kind, lower, higher] of pairs) {
    t.ok(compareKeyTexts(kind, lower, higher) < 0, `${lower} before ${higher}`)
    t.ok(compareKeyTexts(kind, higher, lower) > 0, `${higher} after ${lower}`)
    t.equal(compareKeyTexts(kind, lower, lower), 0)
  }
  t.equal(compareKeyTexts('timestamp', '2025-10-23T00:00:00.5Z', '2025-10-23T00:00:00.500Z'), 0)
  t.equal(compareKeyTexts('timestamp', '2025-10-23T00:00:00Z', '2025-10-23T00:00:00.000000Z'), 0)
  t.end()
})

t.test('a key is written in one way, and whole', (t) => {
  for (const [kind, text] of [
    ['timestamp', '2025-10-23T00:00:00Z'],
    ['timestamp', '2025-10-23T23:59:59.1Z'],
    ['timestamp', '2025-10-23T23:59:59.123456Z'],
    ['date', '2025-10-23'],
    ['id', '1'],
    ['id', '1234567890123456789'],
  ] as const)
    t.equal(isKeyText(kind, text), true, text)
  for (const [kind, text] of [
    ['timestamp', 'x2025-10-23T00:00:00Z'],
    ['timestamp', '2025-10-23T00:00:00Zx'],
    ['timestamp', '2025-10-23T00:00:00.1234567Z'],
    ['timestamp', '2025-10-23T00:00Z'],
    ['timestamp', '2025-10-23T00:00:00+01:00'],
    ['timestamp', '2025-02-30T00:00:00Z'],
    ['date', '2025-02-30'],
    ['id', '12345678901234567890'],
    ['id', 'x1'],
    ['id', '1x'],
    ['id', '01'],
  ] as const)
    t.equal(isKeyText(kind, text), false, text)
  t.end()
})
