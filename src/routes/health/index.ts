// Probes: whether the process lives, and whether it can answer.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import Type, { type Static } from 'typebox'
import { named } from '../../http/schemas.ts'
import { VERSION } from '../../version.ts'

const Status = Type.Object({ status: Type.Enum(['ok', 'stopping', 'overloaded']) })

const MonitoringHealth = named(
  'MonitoringHealth',
  Type.Object({
    status: Type.Enum(['ok', 'degraded'], {
      description: 'degraded: PostgreSQL or Redis is away. Answers go on as far as they can',
    }),
    database: Type.Enum(['connected', 'away'], {
      description: 'PostgreSQL, as a request would find it now',
    }),
    redis: Type.Enum(['connected', 'away', 'disabled'], { description: 'disabled: none is configured' }),
    version: Type.String(),
    uptime_seconds: Type.Integer({ minimum: 0 }),
  }),
)
type MonitoringHealth = Static<typeof MonitoringHealth>
const REDIS = { connected: 'connected', degraded: 'away', disabled: 'disabled' } as const

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
  // Existing clients show it. Whoever decides by it where requests go asks /readyz.
  app.get(
    '/api/v1/monitoring/health',
    {
      config: { access: 'open' },
      schema: {
        tags: ['legacy'],
        summary: 'What the service works with, and whether that is there',
        response: { 200: MonitoringHealth },
      },
    },
    async (_request, reply) => {
      const database = (await app.cache.reachesLog()) ? 'connected' : 'away'
      const redis = REDIS[app.cache.state.now().status]
      reply.header('cache-control', 'no-store')
      return {
        status: database === 'away' || redis === 'away' ? 'degraded' : 'ok',
        database,
        redis,
        version: VERSION,
        uptime_seconds: Math.floor(process.uptime()),
      } satisfies MonitoringHealth
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
