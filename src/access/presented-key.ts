// Where a request carries its API key.
import type { IncomingMessage } from 'node:http'

const BEARER = /^Bearer +(\S+)$/i

/**
 * The key of `Authorization: Bearer`, else that of `x-api-key`; null where there is none. One in the query string does not count: URLs
 * are written to logs and histories. A request with two `Authorization` headers was refused before.
 */
export function presentedKey({ headers }: IncomingMessage): string | null {
  const bearer = BEARER.exec(headers.authorization ?? '')
  if (bearer?.[1] !== undefined) return bearer[1]
  const key = headers['x-api-key']
  return typeof key === 'string' && key !== '' ? key : null
}
