// Daily bars: each record checked by itself, whatever format it came in.
import { parseDate } from '../time/instants.ts'
import { readTable } from './csv.ts'
import { DECIMAL, parseEach, readValues, type Format, type RowProblem } from './formats.ts'
import type { Parsed } from './report.ts'

export interface BarRow {
  /** `YYYY-MM-DD` */
  date: string
  open: number
  high: number
  low: number
  close: number
  volume: number
}

const NUMBERS = ['open', 'high', 'low', 'close', 'volume'] as const
type NumberField = (typeof NUMBERS)[number]
const COLUMNS = { required: ['date', ...NUMBERS], optional: [], multiline: false } as const

/**
 * Reads `date`, `open`, `high`, `low`, `close` and `volume`; other fields (`adjclose`) are ignored.
 *
 * @throws LoadError when the input as a whole is not of this format, such as CSV whose header line lacks a column.
 */
export function readBars(
  input: AsyncIterable<Uint8Array>,
  format: Format = 'csv',
): AsyncIterable<Parsed<BarRow>[]> {
  return format === 'csv'
    ? parseEach(readTable(input, COLUMNS), (record) => readBar(record.values, numberInText))
    : parseEach(readValues(input, format), (record) => readObject(record.value))
}

function readObject(value: unknown): BarRow | RowProblem {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { field: null, reason: 'must be an object' }
  return readBar(value, (field) => (typeof field === 'number' ? field : NaN))
}

/** @param toNumber NaN for what is none. */
function readBar(
  fields: { date?: unknown } & { [Name in NumberField]?: unknown },
  toNumber: (value: unknown) => number,
): BarRow | RowProblem {
  const date = typeof fields.date === 'string' ? parseDate(fields.date) : null
  if (date === null) return { field: 'date', reason: `${quote(fields.date)} is not a date (YYYY-MM-DD)` }

  const numbers = { open: 0, high: 0, low: 0, close: 0, volume: 0 }
  for (const field of NUMBERS) {
    const value = toNumber(fields[field])
    const problem = problemOf(field, value)
    if (problem !== null) return { field, reason: `${quote(fields[field])} ${problem}` }
    numbers[field] = value
  }
  if (numbers.high < numbers.low) {
    return { field: 'high', reason: `high ${numbers.high} is below low ${numbers.low}` }
  }
  return { date, ...numbers }
}

function numberInText(text: unknown): number {
  return typeof text === 'string' && DECIMAL.test(text) ? Number(text) : NaN
}

function problemOf(field: NumberField, value: number): string | null {
  if (!Number.isFinite(value)) return 'is not a decimal number'
  if (field === 'volume') return value < 0 ? 'is negative' : null
  return value > 0 ? null : 'is not above 0'
}

function quote(value: unknown): string {
  if (value === undefined) return 'what is not there'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text
  return typeof value === 'string' ? JSON.stringify(shown) : shown
}
