// The formats that an input may have, and how a record's place in it is told.
import { readItems } from './json-array.ts'
import { readLines } from './lines.ts'
import type { Parsed, Rejection } from './report.ts'

/** `json`: one array of objects. */
export const FORMATS = ['ndjson', 'csv', 'json'] as const
export type Format = (typeof FORMATS)[number]

/** A number as text. */
export const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i

/** What is wrong with a record, wherever it stands. */
export type RowProblem = Omit<Rejection, 'line' | 'item'>

interface Place {
  line: number
  /** In a JSON array: which of its items, counted from 1. */
  item?: number
}

/** JSON values, from one a line or from one array of them. */
export async function* readValues(
  input: AsyncIterable<Uint8Array>,
  format: 'ndjson' | 'json',
): AsyncGenerator<(Place & { value: unknown }) | Rejection> {
  const what = format === 'json' ? 'item' : 'line'
  const records: AsyncIterable<(Place & { text: string }) | Rejection> =
    format === 'json' ? readItems(input) : readLines(input)
  for await (const record of records) {
    if ('reason' in record) {
      yield record
      continue
    }
    let value: unknown
    try {
      value = JSON.parse(record.text)
    } catch {
      yield { ...placeOf(record), field: null, reason: `the ${what} is not JSON` }
      continue
    }
    const { line, item } = record
    yield item === undefined ? { line, value } : { line, item, value }
  }
}

/** A row, or what is wrong with it, with its place. */
export function rowAt<Row extends object>(place: Place, result: Row | RowProblem): Parsed<Row> {
  if ('reason' in result) return { ...placeOf(place), ...result }
  const { line, item } = place
  return item === undefined ? { line, row: result } : { line, item, row: result }
}

function placeOf({ line, item }: Place): Place {
  return item === undefined ? { line } : { line, item }
}
