// A stop that loses no request: answers say that their connection ends, the listener closes, and each connection ends when it is quiet.
import { Server as NetServer, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'
import fastifyPlugin from 'fastify-plugin'
import type { Config } from '../config.ts'
import { pause } from '../time/time.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** True once a stop has begun. */
    isStopping(): boolean
    /** Aborted when a stop begins, for answers that never end by themselves. */
    stopSignal: AbortSignal
    /**
     * To be awaited before `close()`, which by itself ends idle connections at once, with requests on them that are there and not yet read,
     * and waits for those that turn idle afterwards until their time is up. Connections still busy after `limitMs` are cut off.
     */
    drain(limitMs: number): Promise<void>
  }
}

const TICK_MS = 50

export default fastifyPlugin<{ config: Config }>(
  (app, { config }, done) => {
    const { time } = app
    const stop = new AbortController()
    /** With the client's address. */
    const connections = new Map<Socket, string>()
    app.server.on('connection', (socket: Socket) => {
      // Node notes it when it is first asked for. Noted now before and now after other things it made five hidden classes of sockets, and V8 is fast with
      // four; here it comes first.
      connections.set(socket, socket.remoteAddress ?? '')
      socket.once('close', () => connections.delete(socket))
    })
    app.decorate('isStopping', () => stop.signal.aborted)
    app.decorate('stopSignal', stop.signal)
    app.addHook('preClose', (next) => {
      stop.abort()
      next()
    })
    app.decorate('drain', async (limitMs: number) => {
      const deadline = time.clock() + limitMs
      stop.abort()
      app.server.prependListener('request', (_request, response: ServerResponse) => {
        response.setHeader('connection', 'close')
      })
      // Clients and load balancers learn of it before they are refused.
      await pause(time, config.STOP_DRAIN_MS)
      // The listener alone: http's own close() ends idle connections in the same breath.
      if (app.server.listening) NetServer.prototype.close.call(app.server)
      // What was sent until now is read within a turn of the event loop.
      await nextTurn()
      await nextTurn()
      while (connections.size > 0 && time.clock() < deadline) {
        app.server.closeIdleConnections()
        // Node counts one that has never sent anything as busy.
        for (const socket of connections.keys()) if (socket.bytesRead === 0) socket.destroy()
        if (connections.size > 0) await pause(time, TICK_MS)
      }
      if (connections.size === 0) return
      const clients = [...new Set(connections.values())]
      app.log.warn({ connections: connections.size, clients }, 'stopping: connections still busy are cut off')
      app.server.closeAllConnections()
    })
    done()
  },
  { name: 'drain', dependencies: ['time'] },
)
