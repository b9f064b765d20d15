// Requests that change something wait for the answers in front of them on their connection (RFC 9112, 9.3.2): Node begins with the next request
// while the one before is still read, and where that one's answer ends the connection, what follows must not have been carried out.
import type { ServerResponse } from 'node:http'
import fastifyPlugin from 'fastify-plugin'
import type { ServerSocket } from '../http/client-error.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

export default fastifyPlugin(
  (app, _options, done) => {
    app.addHook('onRequest', ({ method, raw }, reply, next) => {
      if (SAFE_METHODS.has(method)) next()
      else whenItsTurn(raw.socket, reply.raw, next)
    })
    done()
  },
  { name: 'in-turn' },
)

/** Never calls back where the connection ends before. */
function whenItsTurn(socket: ServerSocket, response: ServerResponse, callBack: () => void): void {
  const inFront = socket._httpMessage ?? null
  if (inFront === null || inFront === response) {
    callBack()
    return
  }
  inFront.once('close', () => {
    if (socket.writable) whenItsTurn(socket, response, callBack)
  })
}
