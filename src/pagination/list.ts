// What the module has to know of a list: its name and the key that orders it.
import { parseDate, parseInstant } from '../time/instants.ts'

/** timestamp: microseconds, as `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`. date: `YYYY-MM-DD`. id: 1 to 2^63 - 1, as decimal text. */
export type KeyKind = 'timestamp' | 'date' | 'id'

export interface ListKey {
  column: string
  kind: KeyKind
}

export interface ListDefinition {
  /** Binds cursors to this list; a change makes all those given out invalid. */
  name: string
  /** Most significant first, all sorted in the same direction, none ever null; the last one is unique under the filters. */
  keys: readonly ListKey[]
  /** Whether a plain row id is taken as a cursor, meaning "after that row"; the last key must be that id. */
  acceptsId: boolean
}

/** Filters of a list by parameter name, in their canonical form; undefined ones are not set. */
export type Filters = Readonly<Record<string, string | number | undefined>>

const NAME = /^[a-z0-9/_-]{1,64}$/
/** Cursors carry one text a key and have a limited length. */
const MAX_KEYS = 4
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/
const ID = /^[1-9]\d{0,18}$/
const MAX_ID = 2n ** 63n - 1n

/** @throws TypeError for a definition that cannot work. */
export function defineList(
  definition: Omit<ListDefinition, 'acceptsId'> & { acceptsId?: boolean },
): ListDefinition {
  const { name, keys, acceptsId = false } = definition
  if (!NAME.test(name)) throw new TypeError(`not a list name: ${name}`)
  if (keys.length < 1 || keys.length > MAX_KEYS) {
    throw new TypeError(`a list has 1 to ${MAX_KEYS} keys: ${name}`)
  }
  if (acceptsId && keys.at(-1)?.kind !== 'id') throw new TypeError(`the last key of ${name} is not an id`)
  return { name, keys, acceptsId }
}

/** Whether `text` is a value of this kind that PostgreSQL takes: nothing else may reach a statement. */
export function isKeyText(kind: KeyKind, text: string): boolean {
  switch (kind) {
    case 'timestamp':
      return TIMESTAMP.test(text) && parseInstant(text, 'start') !== null
    case 'date':
      return parseDate(text) !== null
    case 'id':
      return ID.test(text) && BigInt(text) <= MAX_ID
  }
}

/** Negative, zero or positive, as PostgreSQL orders the values; both are texts that `isKeyText` takes. */
export function compareKeyTexts(kind: KeyKind, one: string, other: string): number {
  if (kind === 'id') return Number(BigInt(one) - BigInt(other))
  const [first, second] = kind === 'timestamp' ? [sortable(one), sortable(other)] : [one, other]
  return first === second ? 0 : first < second ? -1 : 1
}

/** With all six decimals, a timestamp's text sorts as its moment does. */
function sortable(timestamp: string): string {
  const [seconds = '', fraction = ''] = timestamp.slice(0, -1).split('.')
  return `${seconds}.${fraction.padEnd(6, '0')}`
}
