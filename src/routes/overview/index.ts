// The shop window: how much there is, and the newest of it. Existing clients know it as /content/vitrine.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { Config } from '../../config.ts'
import { answerFromCache } from '../../http/cached.ts'
import { problemAnswers } from '../../http/schemas.ts'
import { articleTags, barTags, scoreTags } from '../../http/tags.ts'
import { loadOverview } from './queries.ts'
import { Overview } from './schema.ts'

export const overviewRoutes: FastifyPluginCallbackTypebox<{ config: Config }> = (app, { config }, done) => {
  const { DEFAULT_SYMBOL: symbol } = config
  const tags = [...barTags(symbol), ...scoreTags(symbol), ...articleTags()]
  const resource = { category: 'overview', name: 'latest', parameters: {}, tags } as const
  for (const url of ['/overview', '/content/vitrine']) {
    app.get(
      url,
      {
        config: { access: 'read' },
        schema: {
          tags: ['overview'],
          summary: 'How much there is, the newest score and the newest articles',
          response: { 200: Overview, ...problemAnswers(401, 403, 503) },
        },
      },
      (request, reply) =>
        answerFromCache(request, reply, resource, async () => ({
          value: await loadOverview(app.database, symbol),
        })),
    )
  }
  done()
}
