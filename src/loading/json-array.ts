// A JSON array of any length, its items one at a time.
//
// Only the bounds of each item are looked for here; what is between them is left to JSON.parse. So an item that is wrong costs only itself and
// one that does not end is not collected, which streaming parsers do not offer: see docs/decisions.md.
import { decodeUtf8, MAX_LINE_BYTES } from './lines.ts'
import { LoadError, type Rejection } from './report.ts'

export interface Item {
  /** The line of text on which it begins. */
  line: number
  /** Its place in the array, counted from 1. */
  item: number
  text: string
}

const [LINE_FEED, RETURN, TAB, BLANK] = [0x0a, 0x0d, 0x09, 0x20]
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c]
const [OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/**
 * Yields the text of each item, in batches of those that a piece of the input ends. One that is over 1 MiB (it is skipped unbuffered) or not
 * UTF-8 comes as a rejection, and the next one follows.
 *
 * @throws LoadError when the input is no array, does not end, or goes on behind its end.
 */
export async function* readItems(input: AsyncIterable<Uint8Array>): AsyncGenerator<(Item | Rejection)[]> {
  let state: 'before' | 'inside' | 'behind' = 'before'
  let line = 1
  let item = 1
  /** Of the item: its line once it has begun, how many brackets are open, and whether a string is. */
  let begun: number | null = null
  let depth = 0
  let inString = false
  let escaped = false
  let pieces: Uint8Array[] = []
  let length = 0
  let preamble = 0

  function keep(piece: Uint8Array): void {
    if (begun === null) return
    length += piece.length
    if (length <= MAX_LINE_BYTES) pieces.push(piece)
    else pieces = []
  }

  function take(): Item | Rejection {
    const place = { line: begun ?? line, item }
    const [bytes, size] = [pieces, length]
    pieces = []
    length = 0
    begun = null
    item += 1
    if (size > MAX_LINE_BYTES) return { ...place, field: null, reason: 'the item is longer than 1 MiB' }
    const text = decodeUtf8(bytes)
    return text === null
      ? { ...place, field: null, reason: 'the item is not valid UTF-8' }
      : { ...place, text }
  }

  for await (const chunk of input) {
    const batch: (Item | Rejection)[] = []
    let start = 0
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index]
      if (byte === LINE_FEED) line += 1
      if (inString) {
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) inString = false
        continue
      }
      if (byte === LINE_FEED || byte === BLANK || byte === RETURN || byte === TAB) continue
      if (state === 'inside') {
        const isEnd = depth === 0 && byte === CLOSE
        if (isEnd || (depth === 0 && byte === COMMA)) {
          keep(chunk.subarray(start, index))
          // Nothing between the brackets is an empty array; nothing behind a comma is an item that is wrong.
          if (!isEnd || begun !== null || item > 1) batch.push(take())
          if (isEnd) state = 'behind'
          continue
        }
        if (begun === null) {
          begun = line
          start = index
        }
        if (byte === QUOTE) inString = true
        else if (byte === OPEN || byte === OPEN_OBJECT) depth += 1
        else if ((byte === CLOSE || byte === CLOSE_OBJECT) && depth > 0) depth -= 1
      } else if (state === 'before' && byte === OPEN) state = 'inside'
      else if (state === 'before' && byte === BYTE_ORDER_MARK[preamble]) preamble += 1
      else {
        throw new LoadError(
          state === 'before'
            ? 'the input is not a JSON array'
            : `line ${line}: something follows behind the end of the array`,
        )
      }
    }
    keep(chunk.subarray(start))
    yield batch
  }
  if (state === 'before') throw new LoadError('the input is empty; a JSON array was expected')
  if (state === 'inside')
    throw new LoadError(
      `the array does not end; item ${item}, begun in line ${begun ?? line}, is the last one`,
    )
}
