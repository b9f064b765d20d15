// Every answer carries an x-request-id; one that comes in is kept when it is short and clean.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import fastifyPlugin from 'fastify-plugin'

const CLEAN = /^[A-Za-z0-9._-]{1,64}$/

export function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return acceptRequestId(typeof given === 'string' ? given : undefined)
}

/** @param given what came in. */
export function acceptRequestId(given: string | undefined): string {
  return given !== undefined && CLEAN.test(given) ? given : nextId()
}

/** Random for each process, and counted from there: unlike keys, ids have to differ and not to be unguessable. */
const [PREFIX, DIGITS] = [randomUUID().slice(0, 24), 12]
let count = 0

/** In the form of a UUID. */
function nextId(): string {
  return PREFIX + (++count).toString(16).padStart(DIGITS, '0')
}

export default fastifyPlugin(
  (app, _options, done) => {
    app.addHook('onRequest', (request, reply, next) => {
      reply.header('x-request-id', request.id)
      next()
    })
    done()
  },
  { name: 'request-id' },
)
