// Probes: whether the process lives, and whether it can answer.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'

const Status = Type.Object({ status: Type.Enum(['ok', 'stopping', 'overloaded']) })

export const healthRoutes: FastifyPluginCallbackTypebox = (app, _options, done) => {
  const probe = (summary: string) => ({
    config: { access: 'open' as const, evenOverloaded: true },
    schema: { tags: ['health'], summary, response: { 200: Status, 503: Status } },
  })

  app.get('/livez', probe('The process lives'), (_request, reply) => {
    reply.header('cache-control', 'no-store')
    return { status: 'ok' as const }
  })
  app.get(
    '/api/v1/health/ping',
    {
      config: { access: 'open' },
      schema: {
        tags: ['legacy'],
        summary: 'The process lives',
        response: { 200: Type.Object({ status: Type.Literal('ok') }) },
      },
    },
    (_request, reply) => {
      reply.header('cache-control', 'no-store')
      return { status: 'ok' as const }
    },
  )
  // Neither Redis nor PostgreSQL away is a reason not to be ready: cached answers go on, and no other instance would fare better.
  app.get('/readyz', probe('The service takes requests'), (_request, reply) => {
    const status = app.isStopping() ? 'stopping' : app.isOverloaded() ? 'overloaded' : 'ok'
    reply.header('cache-control', 'no-store').code(status === 'ok' ? 200 : 503)
    return { status } as const
  })
  done()
}
