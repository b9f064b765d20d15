// The first bytes of an input: they say what it is, whatever it is called.
import type { Format } from './formats.ts'
import { LoadError } from './report.ts'

export interface Begun {
  format: Format
  /** The whole input. */
  bytes: AsyncIterable<Uint8Array>
}

/** Looked at for the first character that is no blank. */
const LOOKED_AT_BYTES = 4096
const SIGNATURES: [hex: string, what: string][] = [
  ['1f8b', 'is gzipped (an HTTP body says so by content-encoding: gzip)'],
  ['504b0304', 'is a zip archive or a spreadsheet'],
  ['425a68', 'is packed by bzip2'],
  ['fd377a58', 'is packed by xz'],
  ['28b52ffd', 'is packed by zstd'],
]
const BYTE_ORDER_MARK = 'efbbbf'

/**
 * Finds out which format an input has. An array is one by its bracket, an object a line by its brace, whichever of the two was said.
 *
 * @param stated what the sender said. @param usual what to expect where nothing was said.
 * @throws LoadError for what is packed or UTF-16, and for JSON that is said to be CSV.
 */
export async function beginInput(
  input: AsyncIterable<Uint8Array>,
  stated: Format | undefined,
  usual: Format,
): Promise<Begun> {
  const reader: AsyncIterator<Uint8Array, unknown> = input[Symbol.asyncIterator]()
  const chunks: Uint8Array[] = []
  let head: Buffer = Buffer.alloc(0)
  while (head.length < LOOKED_AT_BYTES && (head.length < 4 || firstCharacter(head) === '')) {
    const next = await reader.next()
    if (next.done === true) break
    chunks.push(next.value)
    head = Buffer.concat([head, next.value.subarray(0, LOOKED_AT_BYTES)])
  }
  refuseForeign(head)
  if (stated === 'json' && firstCharacter(head) === '{') requireObjectALine(head)
  return { format: formatOf(firstCharacter(head), stated, usual), bytes: whole(chunks, reader) }
}

async function* whole(chunks: Uint8Array[], reader: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks
  yield* { [Symbol.asyncIterator]: () => reader }
}

function formatOf(first: string, stated: Format | undefined, usual: Format): Format {
  if (first !== '[' && first !== '{') return stated ?? usual
  if (stated === 'csv')
    throw new LoadError(
      `the input is not CSV but JSON (it begins with ${first}): its format is ${first === '[' ? 'json, in HTTP application/json' : 'ndjson, in HTTP application/x-ndjson'}`,
    )
  return first === '[' ? 'json' : 'ndjson'
}

/** Neither blanks nor a byte order mark; empty where there is none yet. */
function firstCharacter(head: Buffer): string {
  const text = head.toString('latin1', head.toString('hex', 0, 3) === BYTE_ORDER_MARK ? 3 : 0)
  return text.trimStart().charAt(0)
}

/** An object over several lines is one record of its own, or what stands around the records. */
function requireObjectALine(head: Buffer): void {
  const [line = '', ...others] = head.toString('utf8').replace('\u{feff}', '').trimStart().split('\n')
  if (others.length === 0) return
  try {
    JSON.parse(line)
  } catch {
    throw new LoadError('the input is neither a JSON array nor has it an object a line')
  }
}

function refuseForeign(head: Buffer): void {
  const hex = head.toString('hex', 0, 4)
  const packed = SIGNATURES.find(([signature]) => hex.startsWith(signature))
  if (packed !== undefined) throw new LoadError(`the input ${packed[1]}: unpack it first`)
  if (hex.startsWith('fffe') || hex.startsWith('feff') || head.subarray(0, 2).includes(0))
    throw new LoadError('the input is UTF-16: save it as UTF-8')
}
