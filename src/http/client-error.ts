// Answers requests that Node gives up on before there is a request to answer: as problems too, written to the bare socket.
import { randomUUID } from 'node:crypto'
import { maxHeaderSize, STATUS_CODES, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Problem, problemBody } from '../problems.ts'
import { answerBeforeBody } from './unread-body.ts'

/** `_httpMessage` is Node's: the answer that is being written to the connection, or comes next. */
export type ServerSocket = Socket & { _httpMessage?: ServerResponse | null }

/** Connections whose request has a time limit of its own; Node knows one for all. */
const ownTime = new WeakSet<object>()

/** Takes a connection's request out of the limit for whole requests, until the function that comes back is called. */
export function keepsOwnTime(socket: Socket): () => void {
  ownTime.add(socket)
  return () => void ownTime.delete(socket)
}

/**
 * Handler of the server's `clientError` event. The connection ends: nobody knows where the next request on it would begin.
 *
 * @param onAnswer told the status.
 */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: ServerSocket,
  onAnswer: (status: number) => void,
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  // Node says it once of a request and does nothing by itself.
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && ownTime.has(socket)) return
  answerWithProblem(socket, problemOf(error.code), onAnswer)
}

/** Answers in its turn what cannot be handed on as a request, and ends the connection; the rest of a request that has its answer gets none. */
export function answerWithProblem(
  socket: ServerSocket,
  problem: Problem,
  onAnswer: (status: number) => void,
): void {
  const given = answerBeforeBody(socket)
  if (given !== null) {
    // One without an end is cut off.
    if (given.writableEnded && !given.closed) given.once('close', () => socket.destroy())
    else socket.destroy()
    return
  }
  const answering = socket._httpMessage ?? null
  // That of a request before the broken one, pipelined: whoever sent both would take this answer for that one.
  if (answering?.req.complete === true && !answering.writableFinished) {
    answering.once('close', () => setImmediate(answerWithProblem, socket, problem, onAnswer))
    return
  }
  if (socket.writable && answering?.headersSent !== true) {
    socket.write(response(problem))
    onAnswer(problem.statusCode)
  }
  socket.destroy()
}

function problemOf(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('headers_too_large', `URL and headers together are over ${maxHeaderSize} bytes`)
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Problem('body_too_large', 'the extensions of its chunks are longer than anybody needs')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('request_timeout', 'the request did not arrive in time')
    default:
      return new Problem('malformed_request', 'this is not HTTP/1.1')
  }
}

function response(problem: Problem): string {
  const requestId = randomUUID()
  const body = JSON.stringify(problemBody(problem, requestId))
  return [
    `HTTP/1.1 ${problem.statusCode} ${STATUS_CODES[problem.statusCode] ?? ''}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `date: ${new Date().toUTCString()}`,
    'cache-control: no-store',
    `x-request-id: ${requestId}`,
    'x-content-type-options: nosniff',
    'connection: close',
    '',
    body,
  ].join('\r\n')
}
