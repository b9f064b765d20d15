// Bodies that nobody reads to their end, because the answer did not need them: a little of the rest is read and dropped, so that the client
// gets to read its answer, and then the connection ends. No second answer follows, however the rest turns out.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Time } from '../time/time.ts'

/** So much is read for nothing where the connection can go on then. */
const SMALL_BYTES = 64 * 1024
/** More is not read for nothing at all, in bytes and in time. */
const DROPPED_BYTES = 1024 * 1024
const LINGER_MS = 2000

/** By connection, the answer to its newest request with a body. */
const answers = new WeakMap<object, ServerResponse>()

/** Whether a body is announced, however long. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = headers
  return coding !== undefined || (length !== undefined && length !== '0')
}

/** To be called before anybody looks at the request. */
export function watchBody(request: IncomingMessage, response: ServerResponse, time: Time): void {
  answers.set(request.socket, response)
  const { shouldKeepAlive } = response
  // One in chunks may be of any length: a client that has sent it off to its end would use the connection again, which ends.
  const length = Number(request.headers['content-length'] ?? Infinity)
  if (length > SMALL_BYTES) {
    response.shouldKeepAlive = false
    request.once('end', () => {
      response.shouldKeepAlive = shouldKeepAlive
    })
  }
  response.once('prefinish', () => {
    if (!request.complete && !request.destroyed) dropRest(request, time)
  })
}

/** The answer that was given before its request had wholly come, or null; the rest of that request is what a connection gets then. */
export function answerBeforeBody(socket: Socket): ServerResponse | null {
  const answer = answers.get(socket)
  return answer?.headersSent === true && !answer.req.complete ? answer : null
}

/** Just before Node would read on without any limit. */
function dropRest(request: IncomingMessage, time: Time): void {
  const { socket } = request
  let left = DROPPED_BYTES
  let isEnding = false
  const end = (): void => {
    socket.destroy()
  }
  const cancelLimit = time.after(LINGER_MS, end)
  // Node calls it where the answer is the connection's last. Closed with bytes unread, the connection would be reset, and the answer might be lost.
  socket.destroySoon = () => {
    isEnding = true
    socket.end()
  }
  request.once('close', () => {
    cancelLimit()
    if (isEnding) end()
    else Reflect.deleteProperty(socket, 'destroySoon')
  })
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    // Not read, it stays with the client, who has its answer and a moment to look at it.
    if (left < 0) request.pause()
  })
  request.resume()
}
