// Bytes in, numbered lines of text out, in memory bounded by the longest line accepted. They come in batches, of those that a piece of the input
// ends: handed on one by one, each would wait its turn at every step it goes through, which takes longer than the steps.
import type { Notes } from './notes.ts'
import type { Rejection } from './report.ts'

/** One mebibyte: no line of any format has a reason to be longer, and a file without newlines must not fill the memory. */
export const MAX_LINE_BYTES = 1_048_576
const LINE_FEED = 0x0a

export interface Line {
  line: number
  /** Without its line feed, and without a byte order mark. */
  text: string
}

/**
 * Splits UTF-8 at line feeds; a carriage return before one belongs to the line break, and the last line needs none. Empty lines are
 * counted and left out. A line that is too long (it is skipped unbuffered) or not UTF-8 comes as a rejection, and the next one follows.
 */
export async function* readLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<(Line | Rejection)[]> {
  for await (const batch of readRawLines(input)) {
    yield batch.filter((line) => {
      if ('reason' in line) return true
      line.text = line.text.trimEnd()
      return line.text !== ''
    })
  }
}

/**
 * The same with every line there is as it stands, empty ones and what is in front of a line feed included: it may be inside of quotes.
 *
 * @param notes are told of a last line without a line feed: it may have been cut off in the middle of a number.
 */
export async function* readRawLines(
  input: AsyncIterable<Uint8Array>,
  notes?: Notes,
): AsyncGenerator<(Line | Rejection)[]> {
  let line = 1
  let pieces: Uint8Array[] = []
  let length = 0

  function take(): Line | Rejection {
    const [bytes, size] = [pieces, length]
    pieces = []
    length = 0
    if (size > MAX_LINE_BYTES) return { line, field: null, reason: 'the line is longer than 1 MiB' }
    const text = decodeUtf8(bytes)
    return text === null ? { line, field: null, reason: 'the line is not valid UTF-8' } : { line, text }
  }

  for await (const chunk of input) {
    const batch: (Line | Rejection)[] = []
    let start = 0
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start)
      const piece = chunk.subarray(start, end === -1 ? undefined : end)
      length += piece.length
      if (length <= MAX_LINE_BYTES) pieces.push(piece)
      else pieces = []
      if (end === -1) break
      batch.push(take())
      line += 1
      start = end + 1
    }
    yield batch
  }
  if (length === 0) return
  notes?.warn(`the last line, ${line}, has no line end: it was taken as it is, and may have been cut off`)
  yield [take()]
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Null where the bytes are not UTF-8: a replacement character would be stored as if somebody had written it. */
export function decodeUtf8(pieces: Uint8Array[]): string | null {
  try {
    return decoder.decode(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces))
  } catch {
    return null
  }
}
