// Dates and instants as clients write them: checked against the calendar, brought to one text each, microseconds kept.

/** Which end of a plain date is meant: the first or the last microsecond of its UTC day. */
export type Edge = 'start' | 'end'

const DATE = /^\d{4}-\d{2}-\d{2}$/
/** RFC 3339, section 5.6; its `T` and `Z` may be lower case. Finer than a microsecond is more than PostgreSQL keeps. */
const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i
/** Years of four digits; year 0 is not in the calendar of PostgreSQL. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59Z')
const MINUTE_MS = 60_000
const SECONDS_LENGTH = 'YYYY-MM-DDTHH:MM:SS'.length

/** The date `YYYY-MM-DD` itself, or null for anything that is not a day from 0001-01-01 to 9999-12-31. */
export function parseDate(text: string): string | null {
  return DATE.test(text) && utcMilliseconds(`${text}T00:00:00`) !== null ? text : null
}

/**
 * The instant that `text` names, as `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`: in UTC, with six fraction digits or, for a whole second, none, so
 * that the same instant always gives the same text.
 *
 * `text` is a plain date, of which `edge` says which end is meant, or an RFC 3339 date-time with an offset and at most six fraction digits.
 * Null for anything else, for a date, time or leap second that JavaScript's calendar does not have, and outside the years 0001 to 9999 UTC.
 */
export function parseInstant(text: string, edge: Edge): string | null {
  if (parseDate(text) !== null) return edge === 'start' ? `${text}T00:00:00Z` : `${text}T23:59:59.999999Z`
  const [, date = '', time = '', fraction, sign, hours, minutes] = DATE_TIME.exec(text) ?? []
  const local = utcMilliseconds(`${date}T${time}`)
  if (local === null) return null
  // In UTC already: it stands there as it is to be.
  if (hours === undefined) return `${date}T${time}${fractionText(fraction)}Z`
  const offset = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS
  const milliseconds = sign === '-' ? local + offset : local - offset
  if (milliseconds < FIRST_MS || milliseconds > LAST_MS) return null
  return `${new Date(milliseconds).toISOString().slice(0, SECONDS_LENGTH)}${fractionText(fraction)}Z`
}

/** Why there is no instant in a text, as the end of a sentence that begins with it. */
export function instantComplaint(text: string): string {
  const withT = text.replace(/^([\d-]{10}) (?=\d)/, '$1T')
  const spaced = withT === text ? [] : ['a T belongs between date and time']
  if (parseInstant(`${withT}Z`, 'start') !== null)
    return ['the offset is missing: Z, or one such as +01:00', ...spaced].join('; ')
  if (spaced.length > 0 && parseInstant(withT, 'start') !== null) return spaced.join()
  return 'it is no date or time that exists (RFC 3339, such as 2020-01-02T10:00:00Z, with at most 6 decimals of a second)'
}

/** The date of tomorrow in UTC, which has begun somewhere already. */
export function tomorrow(now = Date.now()): string {
  return new Date(now + 24 * 60 * MINUTE_MS).toISOString().slice(0, 'YYYY-MM-DD'.length)
}

/** The digits after a decimal point as `.ffffff`; nothing when there are none or all are zero. */
export function fractionText(digits = ''): string {
  if (digits === '') return ''
  const padded = digits.padEnd(6, '0')
  return padded === '000000' ? '' : `.${padded}`
}

/** Milliseconds since the Unix epoch of `YYYY-MM-DDTHH:MM:SS` in UTC; null when there is no such time. */
function utcMilliseconds(text: string): number | null {
  const milliseconds = Date.parse(`${text}Z`)
  if (Number.isNaN(milliseconds) || milliseconds < FIRST_MS) return null
  // Date.parse takes 30 February for 1 or 2 March, and 24:00 for the next day.
  const day = Number(text.slice(8, 10))
  const isThere = (day <= 28 || new Date(milliseconds).getUTCDate() === day) && !text.startsWith('24', 11)
  return isThere ? milliseconds : null
}
