// CORS: lets pages of the configured origins read answers. Without any, nothing runs; cookies are never involved.
import type { FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { parseOrigins } from '../access/origins.ts'
import type { Config } from '../config.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The Vary header of answers that are also to be had compressed. */
    varyOfData: string
  }
}

/** Puts the headers on an answer; whether the request's origin may read it. */
export type AllowOrigin = (request: FastifyRequest, reply: FastifyReply) => boolean

const EXPOSED = 'etag, age, link, x-cache, cache-status, x-request-id, retry-after'
const REQUEST_HEADERS = 'authorization, x-api-key, if-none-match, content-type, x-request-id'
/** Where any origin is allowed. */
export const ANY_ORIGIN = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': EXPOSED,
} as const
/** Seconds. A change of the configuration is felt after that at the latest. */
const PREFLIGHT_MAX_AGE = '600'

export default fastifyPlugin<{ config: Config }>(
  (app, { config }, done) => {
    const allowOrigin = corsHeaders(config)
    const byOrigin = allowOrigin !== null && config.CORS_ORIGINS !== '*'
    app.decorate('varyOfData', byOrigin ? 'accept-encoding, origin' : 'accept-encoding')
    if (allowOrigin === null) {
      done()
      return
    }
    const methods = new Set<string>()
    app.addHook('onRoute', ({ method }) => {
      for (const each of [method].flat()) methods.add(each)
    })
    let preflight: Record<string, string> = {}
    app.addHook('onReady', (ready) => {
      preflight = {
        'access-control-allow-methods': [...methods].join(', '),
        'access-control-allow-headers': REQUEST_HEADERS,
        'access-control-max-age': PREFLIGHT_MAX_AGE,
      }
      ready()
    })
    app.addHook('onRequest', (request, reply, next) => {
      const allowed = allowOrigin(request, reply)
      // Answered before anybody asks for a key: a preflight carries none.
      if (request.method === 'OPTIONS' && allowed && isPreflight(request)) {
        reply.code(204).headers(preflight).send()
      } else next()
    })
    done()
  },
  { name: 'cors' },
)

/** Null where no origin is configured. */
export function corsHeaders(config: Config): AllowOrigin | null {
  const origins = parseOrigins(config.CORS_ORIGINS)
  if (origins === null) return null
  // Set before routing is done with, so that refusals carry them too. What is made for any origin is the same for all, and varies by none.
  if (origins === '*') {
    return (_request, reply) => {
      reply.headers(ANY_ORIGIN)
      return true
    }
  }
  return ({ headers: { origin } }, reply) => {
    // Also where there is no origin: a cache would otherwise answer a page with what it keeps for others.
    reply.header('vary', 'origin')
    if (origin === undefined || !origins.has(origin)) return false
    reply.header('access-control-allow-origin', origin)
    reply.header('access-control-expose-headers', EXPOSED)
    return true
  }
}

function isPreflight({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}
