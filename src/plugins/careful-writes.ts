// What changes something refuses what it does not understand, on every route that has a scope for it: a body where none belongs, and conditions
// on a state that nothing has. Unknown parameters and fields are refused by the routes' schemas. Reads of what has no entity tag fail an If-Match
// that names one.
import type { FastifyRequest, RouteOptions } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { CHANGING } from '../access/keys.ts'
import { namesATag, preconditionFailed, preconditionOf } from '../http/conditions.ts'
import { Problem } from '../problems.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route looks at If-Match and If-None-Match, as those of data do; elsewhere nothing is there that they could name. */
    hasPreconditions?: boolean
  }
}

export default fastifyPlugin(
  (app, _options, done) => {
    app.addHook('onRoute', (route) => {
      const { access, body, hasPreconditions } = route.config ?? {}
      if (access === undefined) return
      if (access === 'open' || !CHANGING.has(access)) {
        const isRead = [route.method].flat().every((method) => method === 'GET' || method === 'HEAD')
        if (isRead && access !== 'read' && hasPreconditions !== true)
          add(route, 'preHandler', ({ headers }) => namesATag(headers) && preconditionFailed('never'))
        return
      }
      if (route.schema?.body === undefined && body === undefined) {
        // Behind the question for a key, which is one of the whole service.
        add(route, 'onRequest', ({ headers }) => Number(headers['content-length'] ?? 0) > 0 && unwanted())
        add(route, 'preValidation', (request) => request.body !== undefined && unwanted())
      }
      if (hasPreconditions !== true)
        add(route, 'preHandler', ({ headers }) => {
          const precondition = preconditionOf(headers)
          return (precondition === 'present' || precondition === 'never') && preconditionFailed(precondition)
        })
    })
    done()
  },
  { name: 'careful-writes' },
)

type Hook = 'onRequest' | 'preValidation' | 'preHandler'

/** @param complaint false for none. */
function add(route: RouteOptions, hook: Hook, complaint: (request: FastifyRequest) => Problem | false): void {
  const before = [route[hook] ?? []].flat()
  const check = (request: FastifyRequest, _reply: unknown, next: (error?: Error) => void): void =>
    next(complaint(request) || undefined)
  Object.assign(route, { [hook]: [...before, check] })
}

function unwanted(): Problem {
  return new Problem('invalid_body', 'this route takes no body: what it is to do stands in the URL')
}
