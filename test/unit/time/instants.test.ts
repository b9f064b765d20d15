// Dates and instants from outside: only those that exist, one text for each, nothing lost below the millisecond.
import fc from 'fast-check'
import t from 'tap'
import { parseDate, parseInstant } from '../../../src/time/instants.ts'

const MINUTE_MS = 60_000
const pad = (value: number, length = 2): string => String(value).padStart(length, '0')

/** Days of a month by the rule of the Gregorian calendar, as an oracle that shares nothing with Date. */
function daysIn(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0
}

t.test('a date is one that exists', (t) => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.nat(13), fc.nat(32), (year, month, day) => {
      const text = `${pad(year, 4)}-${pad(month)}-${pad(day)}`
      const exists = year >= 1 && year <= 9999 && day >= 1 && day <= daysIn(year, month)
      return parseDate(text) === (exists ? text : null)
    }),
    { numRuns: 3000 },
  )
  for (const text of ['2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31']) t.equal(parseDate(text), text)
  for (const text of ['2023-02-29', '1900-02-29', '0000-12-31', '2025-00-10', '2025-04-31']) {
    t.equal(parseDate(text), null, text)
  }
  t.end()
})

t.test('anything but a plain date is none', (t) => {
  for (const text of [
    '',
    '2025',
    '2025-10',
    '2025-1-1',
    '25-10-23',
    '12025-10-23',
    '+002025-10-23',
    '-0044-03-15',
    '2025-10-23 ',
    ' 2025-10-23',
    '2025-10-23\n',
    '2025-10-23T00:00:00Z',
    '2025/10/23',
    '20251023',
    '2025-W43-4',
    '2025-296',
    '٢٠٢٥-١٠-٢٣',
    'today',
    'infinity',
  ]) {
    t.equal(parseDate(text), null, JSON.stringify(text))
  }
  t.end()
})

t.test('a plain date is the first or the last microsecond of its UTC day', (t) => {
  t.equal(parseInstant('2025-10-23', 'start'), '2025-10-23T00:00:00Z')
  t.equal(parseInstant('2025-10-23', 'end'), '2025-10-23T23:59:59.999999Z')
  t.equal(parseInstant('9999-12-31', 'end'), '9999-12-31T23:59:59.999999Z')
  t.equal(parseInstant('0001-01-01', 'start'), '0001-01-01T00:00:00Z')
  t.equal(parseInstant('2025-02-29', 'end'), null)
  t.end()
})

t.test('a date-time is the same moment in UTC, whatever its offset and edge', (t) => {
  const wholeSecond = fc
    .date({
      min: new Date('0001-01-02T00:00:00Z'),
      max: new Date('9999-12-30T23:59:59Z'),
      noInvalidDate: true,
    })
    .map((date) => Math.floor(date.getTime() / 1000) * 1000)
  const offsetMinutes = fc.integer({ min: -(23 * 60 + 59), max: 23 * 60 + 59 })
  const fraction = fc.array(fc.nat(9), { maxLength: 6 }).map((digits) => digits.join(''))
  fc.assert(
    fc.property(
      wholeSecond,
      offsetMinutes,
      fraction,
      fc.boolean(),
      fc.constantFrom('start' as const, 'end' as const),
      (milliseconds, offset, digits, isLower, edge) => {
        const local = new Date(milliseconds + offset * MINUTE_MS).toISOString().slice(0, 19)
        const zone = `${offset < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`
        const tail = digits === '' ? '' : `.${digits}`
        const given = `${isLower ? local.toLowerCase() : local}${tail}${offset === 0 ? (isLower ? 'z' : 'Z') : zone}`
        const second = new Date(milliseconds).toISOString().slice(0, 19)
        const micros = Number(digits.padEnd(6, '0'))
        return parseInstant(given, edge) === `${second}${micros === 0 ? '' : `.${pad(micros, 6)}`}Z`
      },
    ),
    { numRuns: 3000 },
  )
  t.end()
})

t.test('the same moment has one text', (t) => {
  const noon = '2025-10-23T12:00:00.5Z'
  const same = [
    '2025-10-23T14:00:00.500+02:00',
    '2025-10-23t12:00:00.500000z',
    '2025-10-23T12:00:00.5-00:00',
    '2025-10-24T11:59:00.50+23:59',
  ]
  for (const text of [noon, ...same])
    t.equal(parseInstant(text, 'start'), '2025-10-23T12:00:00.500000Z', text)
  t.equal(parseInstant('2025-10-23T12:00:00.000000Z', 'end'), '2025-10-23T12:00:00Z')
  t.equal(parseInstant('2025-10-23T12:00:00.000001Z', 'end'), '2025-10-23T12:00:00.000001Z')
  t.equal(parseInstant('2024-02-29T00:30:00+01:00', 'start'), '2024-02-28T23:30:00Z')
  t.equal(parseInstant('2024-12-31T23:30:00-01:00', 'start'), '2025-01-01T00:30:00Z')
  t.end()
})

t.test('a canonical text is its own canonical text', (t) => {
  fc.assert(
    fc.property(
      fc.date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59.999Z'),
        noInvalidDate: true,
      }),
      (date) => {
        const canonical = parseInstant(date.toISOString(), 'start')
        return (
          canonical !== null &&
          parseInstant(canonical, 'end') === canonical &&
          Date.parse(canonical) === date.getTime()
        )
      },
    ),
  )
  t.end()
})

t.test('an offset may not lead out of the years 0001 to 9999', (t) => {
  t.equal(parseInstant('0001-01-01T00:00:00+00:01', 'start'), null)
  t.equal(parseInstant('0001-01-01T00:01:00+00:01', 'start'), '0001-01-01T00:00:00Z')
  t.equal(parseInstant('9999-12-31T23:59:00-00:01', 'start'), null)
  t.equal(parseInstant('9999-12-31T23:58:59.999999-00:01', 'start'), '9999-12-31T23:59:59.999999Z')
  t.equal(parseInstant('0000-12-31T23:59:59-00:01', 'start'), null)
  t.end()
})

t.test('what does not exist or is written otherwise is no instant', (t) => {
  for (const text of [
    '',
    'now',
    '2025-10-23T',
    '2025-10-23T12',
    '2025-10-23T12:00Z',
    '2025-10-23T12:00:00',
    '2025-10-23 12:00:00Z',
    '2025-10-23T12:00:00 02:00',
    '2025-02-29T12:00:00Z',
    '2025-13-01T12:00:00Z',
    '2025-10-23T24:00:00Z',
    '2025-10-23T12:60:00Z',
    '2016-12-31T23:59:60Z',
    '2025-10-23T12:00:00.Z',
    '2025-10-23T12:00:00,5Z',
    '2025-10-23T12:00:00.1234567Z',
    '2025-10-23T12:00:00+24:00',
    '2025-10-23T12:00:00+02:60',
    '2025-10-23T12:00:00+2:00',
    '2025-10-23T12:00:00+0200',
    '2025-10-23T12:00:00+02',
    '2025-10-23T12:00:00ZZ',
    '2025-10-23T12:00:00Z\n',
    ' 2025-10-23T12:00:00Z',
    '0000-01-01T00:00:00Z',
    '10000-01-01T00:00:00Z',
    '1761220800',
    '2025-10-23T12:00:00\u2212' + '02:00',
  ]) {
    t.equal(parseInstant(text, 'start'), null, JSON.stringify(text))
  }
  t.end()
})

t.test('no text throws, and what comes back is of one form', (t) => {
  const nearly = fc.stringMatching(
    /^\d{4}-[01]\d-[0-3]\d(T[0-2]\d:[0-6]\d:[0-6]\d(\.\d{0,7})?(Z|[+-][0-2]\d:[0-6]\d))?$/,
  )
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearly), (text) => {
      const instant = parseInstant(text, 'end')
      return instant === null || /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$/.test(instant)
    }),
    { numRuns: 3000 },
  )
  t.end()
})
