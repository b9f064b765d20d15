// Daily bars: each record checked by itself, whatever format it came in.
import { parseDate, tomorrow } from '../time/instants.ts'
import { readTable } from './csv.ts'
import { fieldReader, missingReason } from './field-names.ts'
import { DECIMAL, parseEach, readValues, type Format, type RowProblem } from './formats.ts'
import { ATTENDING_FIELDS, labelOf, timeProblem, type ExpectedInstrument } from './instrument-fields.ts'
import { Notes } from './notes.ts'
import type { Parsed } from './report.ts'
import { quote } from './wording.ts'

export interface BarRow {
  /** `YYYY-MM-DD` */
  date: string
  open: number
  high: number
  low: number
  close: number
  volume: number
  /** What the record says of its instrument that nothing confirms; all records of a load have to say the same. */
  label: string | null
}

const NUMBERS = ['open', 'high', 'low', 'close', 'volume'] as const
type NumberField = (typeof NUMBERS)[number]
const REQUIRED = ['date', ...NUMBERS] as const
const COLUMNS = { required: REQUIRED as readonly string[], optional: ATTENDING_FIELDS, multiline: false }
const KNOWN = new Set<string>([...REQUIRED, ...ATTENDING_FIELDS])

type Fields = Readonly<Record<string, unknown>>
/** NaN for what is none. */
type ToNumber = (value: unknown) => number

/**
 * Reads `date`, `open`, `high`, `low`, `close` and `volume`. Fields that name an instrument have to agree with what is expected; a time of day is
 * refused; others (`adjclose`) are ignored.
 *
 * @throws LoadError when the input as a whole is not of this format, such as CSV whose header line lacks a column.
 */
export function readBars(
  input: AsyncIterable<Uint8Array>,
  format: Format = 'csv',
  expected: ExpectedInstrument = {},
  notes = new Notes(),
): AsyncIterable<Parsed<BarRow>[]> {
  const lastDate = tomorrow()
  const read = (fields: Fields, toNumber: ToNumber) => readBar(fields, toNumber, expected, lastDate)
  if (format === 'csv')
    return parseEach(readTable(input, COLUMNS, notes), ({ values }) => read(values, numberInText))
  const readFields = fieldReader(KNOWN, notes)
  return parseEach(readValues(input, format), ({ value }) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return { field: null, reason: `${quote(value)} is not an object` }
    const named = readFields(value)
    if ('reason' in named) return named
    const { fields } = named
    const missing = REQUIRED.find((name) => fields[name] === undefined)
    if (missing !== undefined) return { field: missing, reason: missingReason(value, KNOWN) }
    return read(fields, (number) => (typeof number === 'number' ? number : NaN))
  })
}

function readBar(
  fields: Fields,
  toNumber: ToNumber,
  expected: ExpectedInstrument,
  lastDate: string,
): BarRow | RowProblem {
  const label = labelOf(fields, expected)
  if (typeof label === 'object' && label !== null) return label
  const date = typeof fields['date'] === 'string' ? parseDate(fields['date']) : null
  if (date === null) return { field: 'date', reason: dateComplaint(fields['date']) }
  if (date > lastDate) return { field: 'date', reason: `${quote(date)} is after tomorrow, ${lastDate}` }
  const timed = timeProblem(fields)
  if (timed !== null) return timed

  const bar = { date, open: 0, high: 0, low: 0, close: 0, volume: 0, label }
  for (const field of NUMBERS) {
    const value = toNumber(fields[field])
    const problem = problemOf(field, value)
    if (problem !== null) return { field, reason: `${quote(fields[field])} ${problem}` }
    bar[field] = value
  }
  return rangeProblem(bar) ?? bar
}

/** Open and close are prices of the session like all others, so that they lie within its range. */
function rangeProblem(bar: BarRow): RowProblem | null {
  const { high, low } = bar
  if (high < low) return { field: 'high', reason: `high ${high} is below low ${low}` }
  for (const field of ['open', 'close'] as const) {
    if (bar[field] > high) return { field, reason: `${field} ${bar[field]} is above high ${high}` }
    if (bar[field] < low) return { field, reason: `${field} ${bar[field]} is below low ${low}` }
  }
  return null
}

function dateComplaint(value: unknown): string {
  const hasTime = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}[T ]/.test(value)
  return hasTime
    ? `${quote(value)} has a time of day; bars are daily (YYYY-MM-DD)`
    : `${quote(value)} is not a date (YYYY-MM-DD)`
}

function numberInText(text: unknown): number {
  return typeof text === 'string' && DECIMAL.test(text) ? Number(text) : NaN
}

function problemOf(field: NumberField, value: number): string | null {
  if (!Number.isFinite(value)) return 'is not a decimal number'
  if (field === 'volume') return value < 0 ? 'is negative' : null
  return value > 0 ? null : 'is not above 0'
}
