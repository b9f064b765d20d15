// CSV (RFC 4180) with a header line, each record by itself: a broken one does not spoil those behind it.
import { foldName } from './field-names.ts'
import { MAX_LINE_BYTES, readRawLines, type Line } from './lines.ts'
import { Notes } from './notes.ts'
import { LoadError, type Rejection } from './report.ts'
import { namesText } from './wording.ts'

export interface TableRecord<Column extends string> {
  line: number
  /** What stands in each column that the header names; trimmed where it is not quoted. */
  values: Partial<Record<Column, string>>
}

export interface TableColumns<Column extends string> {
  required: readonly Column[]
  optional: readonly Column[]
  /** Whether a quoted value may go on in the next line; where none has a reason to, a quote left open spoils its line alone. */
  multiline: boolean
}

/**
 * Reads records, in batches, by the names in the header line, in any order and case; columns that are not asked for are ignored.
 *
 * @param notes are told of those, and of a last line without a line end.
 * @throws LoadError when there is no header line, or it lacks a column or names one twice.
 */
export async function* readTable<Column extends string>(
  input: AsyncIterable<Uint8Array>,
  columns: TableColumns<Column>,
  notes = new Notes(),
): AsyncGenerator<(TableRecord<Column> | Rejection)[]> {
  const expected = `its first line must name ${columns.required.join(', ')}`
  let header: (Column | null)[] | undefined
  for await (const batch of readRecords(input, columns.multiline, notes)) {
    if (header === undefined) {
      const first = batch.shift()
      if (first === undefined) continue
      if ('reason' in first) throw new LoadError(`no header: ${first.reason}; ${expected}`)
      header = readHeader(first.fields, columns, notes)
    }
    const named = header
    yield batch.map((record) => ('reason' in record ? record : nameFields(record, named)))
  }
  if (header === undefined) throw new LoadError(`the input is empty; ${expected}`)
}

function nameFields<Column extends string>(
  { line, fields }: Fields,
  header: (Column | null)[],
): TableRecord<Column> | Rejection {
  if (fields.length !== header.length)
    return { line, field: null, reason: `has ${fields.length} fields, the header has ${header.length}` }
  const values: Partial<Record<Column, string>> = {}
  for (let index = 0; index < header.length; index += 1) {
    const column = header[index] ?? null
    if (column !== null) values[column] = fields[index] ?? ''
  }
  return { line, values }
}

function readHeader<Column extends string>(
  fields: string[],
  { required, optional }: TableColumns<Column>,
  notes: Notes,
): (Column | null)[] {
  const names = fields.map(foldName)
  const missing = required.filter((column) => !names.includes(column))
  const known = [...required, ...optional]
  const twice = known.filter((column) => names.indexOf(column) !== names.lastIndexOf(column))
  const others = fields.filter((_, index) => !known.some((column) => column === names[index]))
  if (missing.length > 0)
    throw new LoadError(
      `the header line has no column ${namesText(missing)}${others.length === 0 ? '' : `; the file has ${namesText(others)}`}${separatorHint(fields)}`,
    )
  if (twice.length > 0) throw new LoadError(`the header line names ${namesText(twice)} more than once`)
  for (const name of others) notes.ignore(name)
  return names.map((name) => known.find((column) => column === name) ?? null)
}

/** Programs that write a comma in numbers separate fields by something else. */
function separatorHint(fields: string[]): string {
  const [only = ''] = fields
  return fields.length === 1 && /[;\t|]/.test(only) ? '; fields are separated by commas' : ''
}

interface Fields {
  line: number
  fields: string[]
}

/** Lines, joined where a quoted value goes on; blank ones between records are left out. */
async function* readRecords(
  input: AsyncIterable<Uint8Array>,
  multiline: boolean,
  notes: Notes,
): AsyncGenerator<(Fields | Rejection)[]> {
  /** The lines of a value that is not closed yet. */
  let open: Line[] = []
  let length = 0
  let batch: (Fields | Rejection)[] = []

  function read(next: Line): void {
    const { line, text } = next
    if (open.length === 0) {
      if (text.trim() === '') return
      const fields = splitFields(text)
      if (fields !== null) batch.push({ line, fields })
      else if (multiline && !isClosed(text)) {
        open = [next]
        length = text.length
      } else batch.push({ line, field: null, reason: 'broken quoting' })
      return
    }
    open.push(next)
    length += text.length + 1
    // Within a value, each line that leaves its quotes in pairs goes on with it.
    if (isClosed(text)) {
      if (length > MAX_LINE_BYTES) giveUp()
      return
    }
    const fields = splitFields(open.map((part) => part.text).join('\n'))
    if (fields === null) {
      giveUp()
      return
    }
    batch.push({ line: open[0]?.line ?? line, fields })
    open = []
  }

  /** What looked like one long value was a quote too many: its line alone is wrong, and those behind it are read for themselves. */
  function giveUp(): void {
    const [first, ...others] = open
    open = []
    if (first === undefined) return
    batch.push({ line: first.line, field: null, reason: 'broken quoting' })
    for (const line of others) read(line)
  }

  for await (const lines of readRawLines(input, notes)) {
    for (const line of lines) {
      if ('reason' in line) {
        while (open.length > 0) giveUp()
        batch.push(line)
      } else read(line)
    }
    yield batch
    batch = []
  }
  while (open.length > 0) giveUp()
  yield batch
}

/** Whether quotes come in pairs, as they do around values and, doubled, inside of them. */
function isClosed(text: string): boolean {
  let closed = true
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) closed = !closed
  return closed
}

/**
 * A value in quotes, or one without any, and what ends it. Blanks around are no part of either, and can be taken in one way only: a line of a
 * million of them must not be tried in as many.
 */
const FIELD = /[^\S\n]*(?:"([^"]*(?:""[^"]*)*)"\s*|([^"\s,][^",]*|))(,|$)/y

/**
 * The values of one record; null where the quoting is broken. A library takes 280 µs for a record by itself, and 28 µs for one among
 * others, which is several times what all the rest of loading it takes; a test holds this against that library.
 */
export function splitFields(text: string): string[] | null {
  if (!text.includes('"')) return text.split(',').map((field) => field.trim())
  const fields: string[] = []
  FIELD.lastIndex = 0
  for (;;) {
    const match = FIELD.exec(text)
    if (match === null) return null
    const [, quoted, plain = '', end] = match
    fields.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'))
    if (end === '') return fields
  }
}
