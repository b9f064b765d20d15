// Tells "PostgreSQL is away" from "the statement is wrong": the first is a 503 that passes, the second a defect.

/** PostgreSQL could not be asked, or did not answer in time. The reason is for the log, never for a client. */
export class DatabaseUnavailable extends Error {
  constructor(cause: unknown) {
    super(`PostgreSQL is unavailable: ${reasonOf(cause)}`, { cause })
    this.name = 'DatabaseUnavailable'
  }
}

/** The server ended the connection, or the network did. */
const CONNECTION_LOST = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'ECONNRESET',
  'EPIPE',
  '57P01',
  '57P02',
])
/** Of postgres.js, where no system call failed. */
const NOT_CONNECTED = new Set(['CONNECTION_ENDED', 'CONNECT_TIMEOUT'])
/**
 * SQLSTATE: ended at the time limit, shutting down or starting, connection exceptions, insufficient resources. Refused credentials and
 * a database that is gone count, too: whatever the statement, it could not be asked.
 */
const UNAVAILABLE_STATE = /^(57014|57P0.|08...|53...|28...|3D000)$/

/** The connection died under the statement. */
export function isConnectionLoss(error: unknown): boolean {
  return CONNECTION_LOST.has(codeOf(error))
}

/** Other rows refer to what was to be deleted. */
export function isReferenced(error: unknown): boolean {
  return codeOf(error) === '23503'
}

/** Nobody listens there, or there is no such place: whoever asks next would be told the same. */
export function isRefused(error: unknown): boolean {
  const { syscall } = (firstOf(error) ?? {}) as { syscall?: unknown }
  return syscall === 'connect' || syscall === 'getaddrinfo'
}

/** PostgreSQL is away, starting, stopping, out of connections or too slow. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return false
  const code = codeOf(error)
  if (CONNECTION_LOST.has(code) || NOT_CONNECTED.has(code) || UNAVAILABLE_STATE.test(code)) return true
  // What the system says about the network: refused, unreachable, no such host, no such socket.
  return typeof (firstOf(error) as { syscall?: unknown } | null)?.syscall === 'string'
}

/** A name with several addresses fails as one error for all of them. */
function firstOf(error: unknown): unknown {
  return error instanceof AggregateError ? error.errors[0] : error
}

function codeOf(error: unknown): string {
  const code = (firstOf(error) as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

function reasonOf(error: unknown): string {
  const first = firstOf(error)
  return first instanceof Error ? first.message : String(first)
}
