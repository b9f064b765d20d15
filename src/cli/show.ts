// JSON as people read it on a terminal: names and values in columns, what is nested below its name, rows of one form as a table.
import { styleText } from 'node:util'

type Json = Record<string, unknown>

/** Colours only where the terminal has them and NO_COLOR is not set. */
export function coloured(format: Parameters<typeof styleText>[0], text: string): string {
  return process.stdout.isTTY && process.stdout.hasColors() ? styleText(format, text) : text
}

const NUMBERS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 })

export function shown(value: object, indent = ''): string {
  const entries = Object.entries(value) as [string, unknown][]
  const width = Math.max(0, ...entries.filter(([, inner]) => !isNested(inner)).map(([name]) => name.length))
  return entries
    .map(([name, inner]) => {
      if (!isNested(inner)) return `${indent}${name.padEnd(width)}  ${text(inner)}`
      const rows = rowsOf(inner)
      const body = rows === null ? shown(inner, `${indent}  `) : table(rows, `${indent}  `)
      return `${indent}${coloured('bold', name)}\n${body}`
    })
    .join('\n')
}

function isNested(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) ? value.some(isNested) : Object.keys(value).length > 0
}

/** Several objects with the same plain fields, each with its name in front where it has one. */
function rowsOf(value: object): Json[] | null {
  const isList = Array.isArray(value)
  const rows = Object.entries(value).map(([name, row]: [string, unknown]): Json | null =>
    typeof row === 'object' && row !== null && !Object.values(row).some(isNested)
      ? { ...(isList ? {} : { '': name }), ...row }
      : null,
  )
  const form = (row: Json | null | undefined) => Object.keys(row ?? {}).join()
  return rows.length > 1 && rows.every((row): row is Json => row !== null && form(row) === form(rows[0]))
    ? rows
    : null
}

/** Rows of one form, below the names of their fields. */
export function table(rows: Json[], indent = ''): string {
  const names = Object.keys(rows[0] ?? {})
  const cells = [names, ...rows.map((row) => names.map((name) => text(row[name])))]
  const widths = names.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)))
  return cells
    .map((line) =>
      `${indent}${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
    )
    .join('\n')
}

function text(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'number') return NUMBERS.format(value)
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(text).join(', ')
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '-'
}
