// The `from` and `to` of lists: checked, made canonical, and put into one order.
import { invalidParameter, invalidParameters, type ParameterError } from '../problems.ts'
import { instantComplaint, parseDate, parseInstant, type Edge } from '../time/instants.ts'

export interface Range {
  from: string | undefined
  to: string | undefined
}

type AsGiven = Partial<Range>
/** The canonical form of a text, or null where it names nothing. */
type Parse = (text: string, edge: Edge) => string | null

/** What a route calls its two parameters. */
type Names = Record<keyof Range, string>
const FROM_TO: Names = { from: 'from', to: 'to' }

/** Sessions: dates only. @throws Problem invalid_parameter */
export function readDateRange(given: AsGiven, names = FROM_TO): Range {
  return readRange(given, names, parseDate, () => 'must be a date that exists, YYYY-MM-DD')
}

/** Moments: dates or date-times, as UTC with microseconds; a date as `to` is its whole day. @throws Problem invalid_parameter */
export function readInstantRange(given: AsGiven): Range {
  return readRange(given, FROM_TO, parseInstant, (text) => {
    // A bare + in a query string is a space: the most common way to get a time zone wrong.
    const hint = text.includes(' ') ? '; write a + in a URL as %2B' : ''
    const why = instantComplaint(text)
    const missing = why.startsWith('the offset') ? `; ${why}` : ''
    return `must be a date or an RFC 3339 date-time that exists, with at most 6 decimals of a second${hint}${missing}`
  })
}

function readRange(
  given: AsGiven,
  names: Names,
  parse: Parse,
  complaintAbout: (text: string) => string,
): Range {
  const errors: ParameterError[] = []
  const read = (end: keyof Range, edge: Edge): string | undefined => {
    const text = given[end]
    if (text === undefined) return undefined
    const canonical = parse(text, edge)
    if (canonical === null) errors.push({ parameter: names[end], detail: complaintAbout(text) })
    return canonical ?? undefined
  }
  const range = { from: read('from', 'start'), to: read('to', 'end') }
  if (errors.length > 0) throw invalidParameters(errors)
  requireOrder(range, names)
  return range
}

function requireOrder(range: Range, names: Names): void {
  // Without its Z, a canonical text sorts as its moment does: one with a fraction is longer than the same second without.
  const [from, to] = [range.from?.replace('Z', ''), range.to?.replace('Z', '')]
  if (from !== undefined && to !== undefined && from > to) {
    throw invalidParameter(names.from, `must not be after ${names.to} (${range.from} is after ${range.to})`)
  }
}
