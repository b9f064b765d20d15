// The formats that an input may have, and how a record's place in it is told.
import { repeatedName } from '../repeated-name.ts'
import { readItems } from './json-array.ts'
import { readLines } from './lines.ts'
import { REJECTIONS_KEPT, type Parsed, type Rejection } from './report.ts'
import { quote } from './wording.ts'

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

type ValueRecord = Place & { value: unknown }

/** JSON values, from one a line or from one array of them, in batches. */
export async function* readValues(
  input: AsyncIterable<Uint8Array>,
  format: 'ndjson' | 'json',
): AsyncGenerator<(ValueRecord | Rejection)[]> {
  const what = format === 'json' ? 'item' : 'line'
  const batches: AsyncIterable<((Place & { text: string }) | Rejection)[]> =
    format === 'json' ? readItems(input) : readLines(input)
  for await (const batch of batches)
    yield batch.map((record) => ('reason' in record ? record : readValue(record, what)))
}

function readValue(record: Place & { text: string }, what: string): ValueRecord | Rejection {
  let value: unknown
  try {
    value = JSON.parse(record.text)
  } catch {
    return { ...placeOf(record), field: null, reason: `the ${what} is not JSON: ${quote(record.text)}` }
  }
  const field = repeatedField(record.text, value)
  if (field !== null) return { ...placeOf(record), field, reason: 'is there more than once' }
  const { line, item } = record
  return item === undefined ? { line, value } : { line, item, value }
}

/** A name, and what looks like one inside of a text. */
const NAME_END = /"\s*:/g
const FIELD_SHOWN_LENGTH = 100

/** A name that stands twice, of which JSON.parse takes the last one; null of none. Most records are seen to have none by the number of names. */
function repeatedField(text: string, value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null
  let left = Object.keys(value).length
  NAME_END.lastIndex = 0
  while (NAME_END.test(text)) left -= 1
  return left < 0 ? (repeatedName(text)?.slice(0, FIELD_SHOWN_LENGTH) ?? null) : null
}

/** What stands for a reason that nobody gets to read: to find one takes many times as long as to find that there is one. */
export const UNTOLD: RowProblem = { field: null, reason: 'one of many' }

/**
 * Batches of records as batches of rows; what is a rejection already stays one.
 *
 * @param parse told whether the reason is still wanted; else `UNTOLD` will do.
 */
export async function* parseEach<Source extends Place, Row extends object>(
  batches: AsyncIterable<(Source | Rejection)[]>,
  parse: (record: Source, isReasonWanted: boolean) => Row | RowProblem,
): AsyncGenerator<Parsed<Row>[]> {
  let rejected = 0
  const read = (record: Source | Rejection): Parsed<Row> => {
    const parsed = 'reason' in record ? record : rowAt(record, parse(record, rejected < REJECTIONS_KEPT))
    if ('reason' in parsed) rejected += 1
    return parsed
  }
  for await (const batch of batches) yield batch.map(read)
}

/** A row, or what is wrong with it, with its place. */
function rowAt<Row extends object>(place: Place, result: Row | RowProblem): Parsed<Row> {
  if ('reason' in result) return { ...placeOf(place), ...result }
  const { line, item } = place
  return item === undefined ? { line, row: result } : { line, item, row: result }
}

function placeOf({ line, item }: Place): Place {
  return item === undefined ? { line } : { line, item }
}
