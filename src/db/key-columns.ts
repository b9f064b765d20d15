// The key of a list in SQL: its columns, its order, its comparison, and its way to text and back without loss.
import { sql, type Placeholder, type SQL } from 'drizzle-orm'
import type { KeyKind, ListDefinition, Order } from '../pagination/index.ts'

const SQL_TYPES: Record<KeyKind, SQL> = {
  timestamp: sql.raw('timestamptz'),
  date: sql.raw('date'),
  id: sql.raw('bigint'),
}

/** The key columns in the order of the list. @throws TypeError when one is missing. */
export function keyColumns(list: ListDefinition, expressions: Readonly<Record<string, SQL>>): SQL[] {
  return list.keys.map(({ column }) => {
    const expression = expressions[column]
    if (expression === undefined) throw new TypeError(`no expression for the key ${column} of ${list.name}`)
    return expression
  })
}

/**
 * The key's texts, made by PostgreSQL, so that neither a driver's idea of timestamps and bigints nor a session setting can change them. Columns of
 * their own: of an array, each row would be parsed.
 */
export function keyTexts(list: ListDefinition, columns: readonly SQL[]): SQL {
  const texts = columns.map(
    (column, index) => sql`${textOf(list.keys[index]?.kind, column)} as ${nameOf(index)}`,
  )
  return listed(texts)
}

function textOf(kind: KeyKind | undefined, column: SQL): SQL {
  switch (kind) {
    case 'timestamp':
      return sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
    case 'date':
      return sql`to_char(${column}, 'YYYY-MM-DD')`
    default:
      return sql`${column}::text`
  }
}

/** Of the columns that `keyTexts` adds to a row; no list has more keys. */
const NAMES = ['page_key_0', 'page_key_1', 'page_key_2', 'page_key_3'] as const
export type KeyTexts = Partial<Record<(typeof NAMES)[number], string | null>>

function nameOf(index: number): SQL {
  return sql.raw(NAMES[index] ?? '')
}

/** The texts in a row; null where there was none to take them of. */
export function readKeyTexts(list: ListDefinition, row: KeyTexts): string[] | null {
  const texts: string[] = []
  for (const name of NAMES) {
    if (texts.length === list.keys.length) break
    const text = row[name] ?? null
    if (text === null) return null
    texts.push(text)
  }
  return texts
}

/** The columns again, from the texts that `keyTexts` made of them in `table`. */
export function columnsOfTexts(list: ListDefinition, table: SQL): SQL[] {
  return list.keys.map((key, index) => cast(key.kind, sql`${table}.${nameOf(index)}`))
}

/** The values of the first keys, as parameters. */
export function keyParameters(list: ListDefinition, values: readonly Placeholder[]): SQL[] {
  return values.map((value, index) => {
    const kind = list.keys[index]?.kind
    if (kind === undefined) throw new TypeError(`${list.name} has fewer keys than ${values.length}`)
    return keyParameter(kind, value)
  })
}

/** One value of a key. Sent as text: told that a parameter is a timestamp, postgres.js would make a Date of it by default. */
export function keyParameter(kind: KeyKind, text: unknown): SQL {
  return cast(kind, sql`${text}::text`)
}

/** What follows `order by`. */
export function sorted(columns: readonly SQL[], order: Order): SQL {
  return listed(columns.map((column) => sql`${column} ${sql.raw(order)}`))
}

export function listed(parts: readonly SQL[]): SQL {
  return sql.join([...parts], sql`, `)
}

function cast(kind: KeyKind, expression: SQL): SQL {
  return sql`(${expression})::${SQL_TYPES[kind]}`
}
