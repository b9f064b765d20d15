// Cursors survive the trip to a client and back, and nothing else is taken for one.
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { decodeCursor, encodeCursor, type Binding, type Position } from '../../../src/pagination/cursor.ts'
import { PageError, type PageErrorCode } from '../../../src/pagination/errors.ts'
import { defineList, isKeyText } from '../../../src/pagination/list.ts'

const articles = defineList({
  name: 'media/latest',
  keys: [
    { column: 'published_at', kind: 'timestamp' },
    { column: 'id', kind: 'id' },
  ],
})
const bars = defineList({ name: 'volume', keys: [{ column: 'date', kind: 'date' }] })

const binding: Binding = {
  list: articles,
  order: 'desc',
  filters: { source: 'Les Échos', sentiment: 'positive' },
}
const position: Position = {
  direction: 'forward',
  values: ['2025-10-23T00:00:00.000123Z', '9223372036854775807'],
  inclusive: false,
}
const token = encodeCursor(binding, position)
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** A token with a valid checksum over any content, as somebody who knows the format could make it. */
function forge(content: unknown, version = 1): string {
  const body = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
  const rest = Buffer.concat([Buffer.of(version), body])
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(rest))
  return Buffer.concat([checksum, rest]).toString('base64url')
}

function payloadOf(text: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(text, 'base64url').toString('utf8', 5)) as Record<string, unknown>
}

/** The code a token is refused with; null when it is taken. */
function refusalOf(text: string, under: Binding = binding): PageErrorCode | null {
  try {
    decodeCursor(under, text)
    return null
  } catch (error) {
    if (error instanceof PageError && error.parameters.join() === 'cursor') return error.code
    throw error
  }
}

const malformed = (t: Test, text: string): void => {
  t.equal(refusalOf(text), 'cursor_malformed', JSON.stringify(text.slice(0, 100)))
}

t.test('a position comes back as it was', (t) => {
  fc.assert(
    fc.property(
      fc.record({
        direction: fc.constantFrom('forward' as const, 'backward' as const),
        inclusive: fc.boolean(),
        values: fc.tuple(
          fc
            .tuple(
              fc.date({
                min: new Date('0001-01-01T00:00:00Z'),
                max: new Date('9999-12-31T23:59:59Z'),
                noInvalidDate: true,
              }),
              fc.nat(999),
            )
            .map(([date, micros]) => date.toISOString().replace('Z', `${String(micros).padStart(3, '0')}Z`)),
          fc.bigInt(1n, 2n ** 63n - 1n).map(String),
        ),
      }),
      (given) => {
        const text = encodeCursor(binding, given)
        return (
          /^[A-Za-z0-9_-]{1,512}$/.test(text) &&
          JSON.stringify(decodeCursor(binding, text)) ===
            JSON.stringify({ direction: given.direction, values: given.values, inclusive: given.inclusive })
        )
      },
    ),
  )
  t.end()
})

t.test('a cursor given out by an earlier release still reads', (t) => {
  const old =
    '2rar6QF7InIiOiJtZWRpYS9sYXRlc3QiLCJvIjoiZCIsImYiOiJ6aGRFT2tZM2tqZmEiLCJkIjoibiIsImsiOlsiMjAyNS0xMC0yM1QwMDowMDowMC4wMDAxMjNaIiwiOTIyMzM3MjAzNjg1NDc3NTgwNyJdfQ'
  t.equal(token, old)
  t.strictSame(decodeCursor(binding, old), position)
  t.end()
})

t.test('the longest cursor that a list can need is within the limit', (t) => {
  const kind = 'timestamp'
  const list = defineList({
    name: 'n'.repeat(64),
    keys: ['a', 'b', 'c', 'd'].map((column) => ({ column, kind })),
  })
  const values = list.keys.map(() => '9999-12-31T23:59:59.999999Z')
  const longest = encodeCursor({ ...binding, list }, { direction: 'backward', values, inclusive: true })
  t.strictSame(decodeCursor({ ...binding, list }, longest).values, values)
  t.end()
})

t.test('a cursor has at most 512 characters', (t) => {
  const taken = [277, 278, 279].map((length) => {
    const list = { ...articles, name: 'n'.repeat(length) }
    const text = encodeCursor({ ...binding, list }, position)
    return [text.length, refusalOf(text, { ...binding, list })]
  })
  t.strictSame(taken, [
    [511, null],
    [512, null],
    [514, 'cursor_malformed'],
  ])
  t.end()
})

t.test('a refusal says what is wrong and what to do', (t) => {
  const messageOf = (text: string, under: Partial<Binding> = {}): string => {
    try {
      decodeCursor({ ...binding, ...under }, text)
      return 'taken'
    } catch (error) {
      return (error as Error).message
    }
  }
  t.equal(messageOf('x'), 'the cursor is not one that this service gives out; start again without one')
  t.equal(messageOf(token.replace(/^./, 'A')), 'the cursor was damaged on its way; start again without one')
  t.equal(
    messageOf(forge(payloadOf(token), 2)),
    'the cursor was made by another version of this service; start again without one',
  )
  t.equal(messageOf(token, { list: bars }), 'the cursor belongs to another list; start again without one')
  t.equal(
    messageOf(token, { order: 'asc' }),
    'the cursor was made for the other order; start again without one',
  )
  t.equal(
    messageOf(token, { filters: {} }),
    'the cursor was made with other filters; start again without one',
  )
  t.end()
})

t.test('filters are the same in any order, and as number or text', (t) => {
  const one = encodeCursor({ ...binding, filters: { a: 1, b: 'x', c: undefined } }, position)
  t.equal(refusalOf(one, { ...binding, filters: { b: 'x', a: '1' } }), null)
  t.end()
})

t.test('a cursor is bound to route, order and filters', (t) => {
  t.equal(refusalOf(token), null)
  t.equal(refusalOf(token, { ...binding, list: bars }), 'cursor_route')
  t.equal(refusalOf(token, { ...binding, list: { ...articles, name: 'media/other' } }), 'cursor_route')
  t.equal(refusalOf(token, { ...binding, order: 'asc' }), 'cursor_order')
  for (const filters of [
    {},
    { source: 'Les Échos' },
    { source: 'positive', sentiment: 'Les Échos' },
    { ...binding.filters, from: '2025-01-01' },
  ]) {
    t.equal(refusalOf(token, { ...binding, filters }), 'cursor_filters', JSON.stringify(filters))
  }
  const joined = encodeCursor({ ...binding, filters: { a: '1","b":"2' } }, position)
  t.equal(refusalOf(joined, { ...binding, filters: { a: '1', b: '2' } }), 'cursor_filters')
  t.end()
})

t.test('another version is told apart from damage, whatever it holds', (t) => {
  for (const version of [0, 2, 255]) {
    t.equal(refusalOf(forge(payloadOf(token), version)), 'cursor_version')
    t.equal(refusalOf(forge('no JSON at all', version)), 'cursor_version')
    t.equal(refusalOf(forge('', version)), 'cursor_malformed', 'it has to hold something')
  }
  t.end()
})

t.test('no token with one character changed, added or left out is taken', (t) => {
  const others = [
    token,
    encodeCursor(binding, { ...position, direction: 'backward', inclusive: true }),
    encodeCursor(binding, { ...position, values: ['2025-10-23T00:00:00Z', '1'] }),
  ]
  const codes = new Set<PageErrorCode | null>()
  for (const original of others) {
    for (let index = 0; index <= original.length; index++) {
      const [before, after] = [original.slice(0, index), original.slice(index)]
      codes.add(refusalOf(before === original ? '' : before))
      if (after !== '') codes.add(refusalOf(before + after.slice(1)))
      for (const character of `${ALPHABET}+/=. %é\0\n`) {
        codes.add(refusalOf(before + character + after))
        if (after !== '' && after[0] !== character) codes.add(refusalOf(before + character + after.slice(1)))
      }
    }
  }
  t.strictSame([...codes].sort(), ['cursor_damaged', 'cursor_malformed'])
  t.end()
})

t.test('one changed character within the alphabet is called damage', (t) => {
  // The last character holds unused bits: a change there can make it another spelling of the same bytes instead.
  for (let index = 0; index < token.length - 1; index++) {
    const character = token[index] === 'A' ? 'B' : 'A'
    t.equal(refusalOf(token.slice(0, index) + character + token.slice(index + 1)), 'cursor_damaged')
  }
  t.end()
})

t.test('what is no token is malformed', (t) => {
  for (const text of [
    '',
    'A',
    'AAAAAA',
    ' ',
    '123',
    'null',
    `${token}=`,
    `${token} `,
    ` ${token}`,
    `${token}\n`,
  ])
    malformed(t, text)
  malformed(t, token.repeat(5))
  malformed(t, 'A'.repeat(1_000_000))
  malformed(
    t,
    Buffer.from(token, 'base64url')
      .toString('base64')
      .padEnd(token.length + 1, '='),
  )
  t.end()
})

t.test('random text never stands for a position', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.base64String(),
        fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
      ),
      (text) => refusalOf(text) !== null,
    ),
    { numRuns: 5000 },
  )
  t.end()
})

t.test('a valid checksum does not make a payload valid', (t) => {
  const payload = payloadOf(token)
  t.equal(refusalOf(forge(payload)), null, 'the forge itself works')
  const { k: _, ...keyless } = payload
  for (const content of [
    'no JSON',
    '',
    'null',
    '[]',
    '1',
    '"x"',
    '{}',
    '{',
    keyless,
    { ...payload, x: 1 },
    `{"__proto__":{},${JSON.stringify(payload).slice(1)}`,
    { ...payload, i: 0 },
    { ...payload, i: true },
    { ...payload, i: null },
    { ...payload, o: 'x' },
    { ...payload, o: ['d'] },
    { ...payload, d: 'x' },
    { ...payload, r: 1 },
    { ...payload, f: null },
    { ...payload, k: [] },
    { ...payload, k: ['2025-10-23T00:00:00Z'] },
    { ...payload, k: ['2025-10-23T00:00:00Z', '1', '2'] },
    { ...payload, k: ['2025-10-23T00:00:00Z', 1] },
    { ...payload, k: ['2025-10-23T00:00:00Z', null] },
    { ...payload, k: { 0: '2025-10-23T00:00:00Z', 1: '1', length: 2 } },
    { ...payload, k: '12' },
  ]) {
    malformed(t, forge(content))
  }
  t.end()
})

t.test('a forged key that PostgreSQL could not take is malformed', (t) => {
  const payload = payloadOf(token)
  const moment = '2025-10-23T00:00:00Z'
  for (const text of [
    '',
    'now',
    'infinity',
    '2025-10-23',
    '2025-02-29T00:00:00Z',
    '2025-13-01T00:00:00Z',
    '2025-10-23T24:00:00Z',
    '2025-10-23T23:59:60Z',
    '2025-10-23T00:00:00',
    '2025-10-23T00:00:00+00:00',
    '2025-10-23t00:00:00z',
    '2025-10-23T00:00:00.Z',
    '2025-10-23T00:00:00.0000001Z',
    '0000-01-01T00:00:00Z',
    '10000-01-01T00:00:00Z',
    `${moment}\n`,
    `${moment}\0`,
    ` ${moment}`,
    `${moment} BC`,
    "'; select 1 --",
  ]) {
    malformed(t, forge({ ...payload, k: [text, '1'] }))
  }
  for (const text of [
    '',
    '0',
    '-1',
    '+1',
    '01',
    '1.0',
    '1e3',
    '0x1',
    ' 1',
    '1\n',
    '١',
    '9223372036854775808',
    '9'.repeat(40),
    'NaN',
  ]) {
    malformed(t, forge({ ...payload, k: [moment, text] }))
  }
  const volume: Binding = { list: bars, order: 'asc', filters: {} }
  const barToken = encodeCursor(volume, { direction: 'forward', values: ['2020-02-29'], inclusive: false })
  t.equal(refusalOf(barToken, volume), null)
  for (const text of ['', '2021-02-29', '2020-2-29', '0000-01-01', moment, '2020-02-29 BC', 'today']) {
    t.equal(refusalOf(forge({ ...payloadOf(barToken), k: [text] }), volume), 'cursor_malformed', text)
  }
  t.end()
})

t.test('whatever a forger writes, only valid keys come out', (t) => {
  const payload = payloadOf(token)
  const anything = fc.oneof(
    fc.constantFrom(
      '2025-10-23T00:00:00.5Z',
      '2025-02-30T00:00:00Z',
      '1',
      '9223372036854775808',
      '',
      'n',
      'p',
      'a',
      'd',
      1,
    ),
    fc.jsonValue(),
  )
  const changed = fc.dictionary(
    fc.constantFrom('r', 'o', 'f', 'd', 'i', 'k', 'z'),
    fc.oneof(anything, fc.array(anything, { maxLength: 3 })),
    { maxKeys: 2 },
  )
  fc.assert(
    fc.property(changed, (changes) => {
      const text = forge({ ...payload, ...changes })
      if (refusalOf(text) !== null) return true
      const { direction, inclusive, values } = decodeCursor(binding, text)
      return (
        ['forward', 'backward'].includes(direction) &&
        typeof inclusive === 'boolean' &&
        values.length === 2 &&
        articles.keys.every((key, index) => isKeyText(key.kind, values[index]!))
      )
    }),
    { numRuns: 3000 },
  )
  t.end()
})
