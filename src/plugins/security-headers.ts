// Headers that keep browsers from taking an answer for what it is not: one on every answer, the rest on pages.
import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'

export const NO_SNIFFING = { 'x-content-type-options': 'nosniff' } as const

/**
 * Without upgrade-insecure-requests: over plain HTTP, as inside a network, a page would then load no script. Strict-Transport-Security is
 * left to what terminates TLS, since only that knows whether the whole host is to be had over TLS.
 */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; img-src 'self' data:; object-src 'none'",
  'referrer-policy': 'no-referrer',
}

export default fastifyPlugin(
  (app, _options, done) => {
    app.addHook('onRequest', (_request, reply, next) => {
      reply.headers(NO_SNIFFING)
      next()
    })
    done()
  },
  { name: 'security-headers' },
)

/** For a scope whose routes answer with pages, and with what pages load. */
export function addPageHeaders(scope: FastifyInstance): void {
  scope.addHook('onRequest', (_request, reply, next) => {
    reply.headers(PAGE_HEADERS)
    next()
  })
}
