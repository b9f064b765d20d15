// The HTTP server beneath the framework: nothing of a request is dropped in silence, and nothing is answered behind the framework's back.
import {
  createServer as createNodeServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import type { Config } from '../config.ts'
import { Problem } from '../problems.ts'
import type { Time } from '../time/time.ts'
import { answerWithProblem } from './client-error.ts'
import { hasBody, watchBody } from './unread-body.ts'

export type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** What Node keeps of a request unless told otherwise; more are refused. */
export const MAX_HEADERS = 1000
/** Node looks for slow requests every 30 s unless told otherwise, and a limit is as good as that. */
const SLOW_REQUEST_CHECK_MS = 1000

/**
 * @param handle the framework's.
 * @param onAnswer told the status of each answer that no route gives.
 */
export function createServer(
  handle: Listener,
  config: Pick<Config, 'HEADERS_TIMEOUT_MS' | 'REQUEST_TIMEOUT_MS' | 'KEEP_ALIVE_TIMEOUT_MS'>,
  onAnswer: (status: number) => void,
  time: Time,
): Server {
  const { HEADERS_TIMEOUT_MS: headersMs, REQUEST_TIMEOUT_MS: requestTimeout } = config
  const take: Listener = (request, response) => {
    const { headers, socket } = request
    // Behind the last answer of its connection nothing is carried out (RFC 9112, 9.6).
    if (!socket.writable) return
    // Node stops to parse behind a request that asks for another protocol, and goes on with the next packet, in the middle of whatever that is.
    if (headers.upgrade !== undefined) response.shouldKeepAlive = false
    if (hasBody(request)) watchBody(request, response, time)
    handle(request, response)
  }
  const server = createNodeServer(
    {
      requestTimeout,
      headersTimeout: Math.min(headersMs, requestTimeout),
      keepAliveTimeout: config.KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: Math.min(SLOW_REQUEST_CHECK_MS, headersMs),
      // The framework refuses such a request, with a problem.
      requireHostHeader: false,
    },
    take,
  )
  // By default what comes behind the thousandth is dropped. The size of all is limited anyway, and the framework refuses too many.
  server.maxHeadersCount = 0
  // A client that has nothing more to say still wants its answer.
  ;(server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // The client is told to go on when somebody reads what it has, and not before its key was looked at.
    request.once('resume', () => {
      if (!response.headersSent) response.writeContinue()
    })
    server.emit('request', request, response)
  })
  server.on('checkExpectation', take)
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    const problem = new Problem('malformed_request', 'CONNECT is for proxies, and this is none')
    answerWithProblem(socket, problem, onAnswer)
  })
  return server
}
