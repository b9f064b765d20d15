// What Prometheus scrapes.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'

export const metricsRoutes: FastifyPluginCallbackTypebox = (app, _options, done) => {
  // No operation of the API: Prometheus knows what it asks for, and gets text.
  app.get(
    '/metrics',
    { schema: { hide: true }, config: { access: 'stats', evenOverloaded: true } },
    async (_request, reply) => {
      const text = await app.metrics.scrape()
      return reply
        .headers({ 'content-type': app.metrics.contentType, 'cache-control': 'no-store' })
        .send(text)
    },
  )
  done()
}
