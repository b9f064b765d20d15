// The head of a hot answer as text, so that nothing of it is put together anew but what changes: the request's id, the age, what is left of the
// lifetime, the date. It is taken from what Node itself wrote for the first such answer, and Node writes the others where it cannot be.
import type { ServerResponse } from 'node:http'

/** What surrounds the five that change, in the order in which they stand. */
const PARTS =
  /^(.*\r\nx-request-id: )[^\r]*(\r\n.*\r\nage: )\d+(\r\n.*; ttl=)-?\d+(;.*\r\nDate: )[^\r]*(\r\n.*\r\n\r\n)$/s

/** Of Node's answers, not in its types: the head once it is written, and whether a body follows. */
interface Internals {
  _header: string | null
  _hasBody: boolean
}

/** A head, cut where something changes. */
export type HeadParts = readonly [string, string, string, string, string]

/** The parts of the head that Node has just written, or null where that is not what it used to be. */
export function cutHead(response: ServerResponse): HeadParts | null {
  const { _header: head } = response as unknown as Partial<Internals>
  const found = typeof head === 'string' ? PARTS.exec(head) : null
  return found === null ? null : (found.slice(1) as unknown as HeadParts)
}

/** Has Node send this head as if it had written it. */
export function useHead(
  response: ServerResponse,
  [start, beforeAge, beforeTtl, beforeDate, end]: HeadParts,
  { id, age, ttl, now, status }: { id: string; age: number; ttl: number; now: number; status: 200 | 304 },
): void {
  const internals = response as unknown as Internals
  response.statusCode = status
  internals._hasBody = status === 200
  internals._header = `${start}${id}${beforeAge}${age}${beforeTtl}${ttl}${beforeDate}${dateOf(now)}${end}`
}

let second = -1
let date = ''

/** The date as HTTP has it (RFC 9110, 5.6.7), put together once a second: by the wall clock, as Node has it. */
function dateOf(now: number): string {
  const current = Math.floor(now / 1000)
  if (current !== second) {
    second = current
    date = new Date().toUTCString()
  }
  return date
}
