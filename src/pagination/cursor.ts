// Cursors as text: a position in a list, bound to the list, its order and its filters, with a checksum against damage.
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { PageError } from './errors.ts'
import { isKeyText, type Filters, type ListDefinition } from './list.ts'
import type { Order } from './schema.ts'

/** What a cursor belongs to. The page size is not part of it and may change on the way. */
export interface Binding {
  list: ListDefinition
  order: Order
  filters: Filters
}

/** A place between rows, and which way to read from it. */
export interface Position {
  /** forward: rows that follow in the order asked for. */
  direction: 'forward' | 'backward'
  /** One text per key of the list. There need not be a row with this key any more. */
  values: readonly string[]
  /** Whether a row with exactly this key is read, too. */
  inclusive: boolean
}

/** Token: base64url of crc32 (over all that follows), version, JSON. The first two keep their place in every version. */
const VERSION = 1
const CHECKSUM_BYTES = 4
const HEADER_BYTES = CHECKSUM_BYTES + 1
const CHECKSUM_SPACE = '\0'.repeat(CHECKSUM_BYTES)
const VERSION_TEXT = String.fromCharCode(VERSION)
const MAX_LENGTH = 512
/** 72 bits: filter sets must not meet by accident; nobody gains anything by making them meet. */
const FINGERPRINT_LENGTH = 12

const Payload = Type.Object(
  {
    /** Route: name of the list. */
    r: Type.String(),
    /** Order: ascending or descending. */
    o: Type.Enum(['a', 'd']),
    /** Fingerprint of the filters. */
    f: Type.String(),
    /** Direction: next or previous. */
    d: Type.Enum(['n', 'p']),
    /** Inclusive. */
    i: Type.Optional(Type.Literal(1)),
    /** Key texts. */
    k: Type.Array(Type.String()),
  },
  { additionalProperties: false },
)
const payloads = Compile(Payload)

/** The opaque, URL-safe token of a position. */
export function encodeCursor(binding: Binding, position: Position): string {
  const payload = {
    r: binding.list.name,
    o: orderLetter(binding.order),
    f: fingerprint(binding.filters),
    d: position.direction === 'forward' ? 'n' : 'p',
    // Not there at all where it is undefined.
    i: position.inclusive ? 1 : undefined,
    k: position.values,
  } satisfies Record<keyof Static<typeof Payload>, unknown>
  const checked = VERSION_TEXT + JSON.stringify(payload)
  const bytes = Buffer.from(CHECKSUM_SPACE + checked)
  bytes.writeUInt32BE(crc32(checked))
  return bytes.toString('base64url')
}

/**
 * The position that a token stands for. The checksum keeps nobody from making a token, so each key is checked, too.
 *
 * @throws PageError `cursor_malformed`, `cursor_damaged`, `cursor_version`, `cursor_route`, `cursor_order` or `cursor_filters`.
 */
export function decodeCursor(binding: Binding, token: string): Position {
  const payload = openToken(token)
  const { list } = binding
  // Before the keys, whose kinds are those of this list.
  if (payload.r !== list.name) {
    throw refusal('cursor_route', `the cursor belongs to another list; ${START_AGAIN}`)
  }
  const fits =
    payload.k.length === list.keys.length &&
    list.keys.every((key, index) => isKeyText(key.kind, payload.k[index] ?? ''))
  if (!fits) throw malformed()
  if (payload.o !== orderLetter(binding.order)) {
    throw refusal('cursor_order', `the cursor was made for the other order; ${START_AGAIN}`)
  }
  if (payload.f !== fingerprint(binding.filters)) {
    throw refusal('cursor_filters', `the cursor was made with other filters; ${START_AGAIN}`)
  }
  return {
    direction: payload.d === 'n' ? 'forward' : 'backward',
    values: payload.k,
    inclusive: payload.i === 1,
  }
}

const START_AGAIN = 'start again without one'

export function malformed(): PageError {
  return refusal('cursor_malformed', `the cursor is not one that this service gives out; ${START_AGAIN}`)
}

function openToken(token: string): Static<typeof Payload> {
  if (token.length > MAX_LENGTH) throw malformed()
  const bytes = Buffer.from(token, 'base64url')
  // Node skips what is not base64url; a token has one spelling.
  if (bytes.length <= HEADER_BYTES || bytes.toString('base64url') !== token) throw malformed()
  if (bytes.readUInt32BE() !== crc32(bytes.subarray(CHECKSUM_BYTES))) {
    throw refusal('cursor_damaged', `the cursor was damaged on its way; ${START_AGAIN}`)
  }
  if (bytes.readUInt8(CHECKSUM_BYTES) !== VERSION) {
    throw refusal('cursor_version', `the cursor was made by another version of this service; ${START_AGAIN}`)
  }
  const payload = parseJson(bytes.toString('utf8', HEADER_BYTES))
  if (!payloads.Check(payload)) throw malformed()
  return payload
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed()
  }
}

function orderLetter(order: Order): 'a' | 'd' {
  return order === 'asc' ? 'a' : 'd'
}

/** The last one made: a page has up to two cursors, made one after the other. */
let latest: { filters: Filters; fingerprint: string } | null = null

/** The same for the same set of filters, in whatever order they were given. */
function fingerprint(filters: Filters): string {
  if (latest?.filters !== filters) {
    const pairs = Object.keys(filters)
      .filter((name) => filters[name] !== undefined)
      .sort()
      .map((name) => [name, String(filters[name])])
    const digest = hash('sha256', JSON.stringify(pairs), 'base64url')
    latest = { filters, fingerprint: digest.slice(0, FINGERPRINT_LENGTH) }
  }
  return latest.fingerprint
}

function refusal(code: PageError['code'], message: string): PageError {
  return new PageError(code, ['cursor'], message)
}
