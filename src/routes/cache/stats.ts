// The cache's figures, at every address that clients know.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import { problemAnswers } from '../../http/schemas.ts'
import { StatsAnswer } from '../../stats/schema.ts'

const HEADERS = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' } as const

export const statsRoutes: FastifyPluginCallbackTypebox = (app, _options, done) => {
  const schema = {
    tags: ['cache'],
    summary: 'State of the cache',
    description:
      'Cheap to poll: the figures are put together at most a few times a second, Redis and PostgreSQL are asked at most once a second, and neither is waited for for more than 50 ms.',
    response: { 200: StatsAnswer, ...problemAnswers(401, 403) },
  }
  for (const url of ['/cache/stats', '/api/v1/media/cache/stats', '/api/admin/cache/stats']) {
    app.get(url, { schema, config: { access: 'stats', evenOverloaded: true } }, (_request, reply) => {
      const send = (bytes: Buffer) => void reply.headers(HEADERS).send(bytes as never)
      const bytes = app.stats.poll.read()
      // Mostly there: a promise for each would cost more than looking.
      if (Buffer.isBuffer(bytes)) send(bytes)
      else bytes.then(send, (error: unknown) => void reply.send(error as never))
    })
  }
  done()
}
