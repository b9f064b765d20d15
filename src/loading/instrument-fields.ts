// What a record of bars says of its instrument: it must be the one that the load is for, and the same in all records.
import type { RowProblem } from './formats.ts'
import { quote } from './wording.ts'

/** What the load was told of its instrument. */
export interface ExpectedInstrument {
  symbol?: string | undefined
  name?: string | undefined
  currency?: string | undefined
  exchange?: string | undefined
}

type Parameter = keyof ExpectedInstrument

/**
 * Fields that say which instrument it is, and the parameters that confirm them. Where the last of these is given and none confirms, the field
 * contradicts: a name that is not the symbol may be right unless another name was given.
 */
const SAYS: Record<string, readonly Parameter[]> = {
  symbol: ['symbol'],
  ticker: ['symbol'],
  name: ['symbol', 'name'],
  instrument: ['symbol', 'name'],
  security: ['symbol', 'name'],
  company: ['symbol', 'name'],
  stock: ['symbol', 'name'],
  currency: ['currency'],
  exchange: ['exchange'],
  isin: [],
  figi: [],
  cusip: [],
}
const INSTRUMENT_FIELDS = Object.keys(SAYS)
const TIME_FIELDS = ['time', 'hour', 'minute'] as const
/** Fields of bars besides their figures. */
export const ATTENDING_FIELDS: readonly string[] = [...INSTRUMENT_FIELDS, ...TIME_FIELDS]
const MIDNIGHT = /^0{1,2}(:00(:00(\.0+)?)?)?$/

/**
 * @returns what is wrong; else the label of the record: what it says of its instrument that no parameter confirms, null where that is nothing.
 *   Records of one instrument have one label.
 */
export function labelOf(
  fields: Readonly<Record<string, unknown>>,
  expected: ExpectedInstrument,
): RowProblem | string | null {
  let label = ''
  for (const field of INSTRUMENT_FIELDS) {
    const value = fields[field]
    if (value === undefined || value === null || value === '') continue
    const parameters = SAYS[field] ?? []
    if (parameters.some((parameter) => isSame(value, expected[parameter]))) continue
    const decisive = parameters.at(-1)
    if (decisive !== undefined && expected[decisive] !== undefined)
      return {
        field,
        reason: `${quote(value)} is not the ${decisive} of this load, ${quote(expected[decisive])}`,
      }
    label += `${label === '' ? '' : ', '}${field} ${quote(value)}`
  }
  return label === '' ? null : label
}

/** A time of day belongs to bars of minutes or hours; midnight is what some write for none. */
export function timeProblem(fields: Readonly<Record<string, unknown>>): RowProblem | null {
  for (const field of TIME_FIELDS) {
    const value = fields[field]
    if (value === undefined || value === null || value === '' || MIDNIGHT.test(textOf(value))) continue
    return { field, reason: `${quote(value)} is a time of day; bars are daily, one for each date` }
  }
  return null
}

function isSame(value: unknown, expected: string | undefined): boolean {
  return textOf(value).trim().toLowerCase() === expected?.trim().toLowerCase()
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
