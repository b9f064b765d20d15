// Where a request carries its API key.
import type { IncomingMessage } from 'node:http'
import { Problem } from '../problems.ts'
import { isRepeated } from './repeated-header.ts'

const BEARER = /^Bearer +(\S+)$/i

/**
 * The key of `Authorization: Bearer`, else that of `x-api-key`; null where there is none. One in the query string does not count: URLs
 * are written to logs and histories.
 *
 * @throws Problem where `Authorization` stands twice: Node takes the first, and what is in front of it may have looked at the other.
 */
export function presentedKey({ headers, rawHeaders }: IncomingMessage): string | null {
  if (isRepeated(rawHeaders, 'authorization'))
    throw new Problem('malformed_request', 'the header Authorization must be sent once')
  const bearer = BEARER.exec(headers.authorization ?? '')
  if (bearer?.[1] !== undefined) return bearer[1]
  const key = headers['x-api-key']
  return typeof key === 'string' && key !== '' ? key : null
}
