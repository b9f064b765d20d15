// COPY FROM STDIN as postgres.js has it, made to end: with the reason where the server refuses what was sent.
import { pipeline } from 'node:stream/promises'
import type { TransactionSql } from 'postgres'

/** What is gathered before it is sent: a message of COPY each. */
const CHUNK_CHARACTERS = 65_536

/**
 * Sends lines in COPY's text format, no faster than the server takes them, and resolves when it has taken all of them.
 *
 * @param target a table and its columns. @throws what `lines` throws; PostgreSQL's error when it refuses.
 */
export async function copyLines(
  session: TransactionSql,
  target: string,
  lines: AsyncIterable<string>,
): Promise<void> {
  const copy = session.unsafe(`copy ${target} from stdin`)
  const stream = await copy.writable()
  // A refusal after the end of the data reaches nobody: postgres.js has given the query's promise away for the stream by then, and forgets the
  // stream at its end, which is never said to be finished. It tells the query all the same.
  const refused = new Promise<never>((_, reject) => {
    ;(copy as unknown as { reject: (error: unknown) => void }).reject = reject
  })
  refused.catch(() => undefined)
  await Promise.race([pipeline(chunksOf(lines), stream), refused])
}

async function* chunksOf(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = ''
  for await (const line of lines) {
    chunk += line
    if (chunk.length < CHUNK_CHARACTERS) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}

const SPECIAL = /[\\\n\r\t]/
const ESCAPES = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

/** One line of COPY's text format. Text without NUL, which PostgreSQL does not store. */
export function copyLine(values: (string | number | null)[]): string {
  let line = ''
  for (const value of values) {
    if (line !== '') line += '\t'
    if (value === null) line += '\\N'
    else if (typeof value === 'string' && SPECIAL.test(value))
      line += value.replaceAll(/[\\\n\r\t]/g, (character) => ESCAPES.get(character) ?? '')
    else line += String(value)
  }
  return `${line}\n`
}
