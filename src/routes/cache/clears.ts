// The log of clears: who cleared what, when and why, how many keys it was, how long it took, and who confirmed it.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { Config } from '../../config.ts'
import { pageLinks, publicUrlOf } from '../../http/page-links.ts'
import { listAnswer, problemAnswers } from '../../http/schemas.ts'
import { readPage } from '../../pagination/index.ts'
import { Clear, ClearParameters, ClearsQuery } from './clears-schema.ts'
import { clearList, loadClear, loadClears } from './queries.ts'

export const clearsRoutes: FastifyPluginCallbackTypebox<{ config: Config }> = (app, { config }, done) => {
  const publicUrl = publicUrlOf(config)
  app.get(
    '/cache/clears',
    {
      config: { access: 'stats' },
      schema: {
        tags: ['cache'],
        summary: 'Who cleared what, newest first',
        querystring: ClearsQuery,
        response: { 200: listAnswer('ClearList', Clear), ...problemAnswers(400, 401, 403, 503) },
      },
    },
    async (request, reply) => {
      const { actor, soft, ...query } = request.query
      const filters = { actor, soft }
      const page = readPage(
        clearList,
        query,
        { actor, soft: soft?.toString() },
        { maxOffset: config.MAX_OFFSET },
      )
      const { envelope, link } = await loadClears(app.database, filters, page)
      // Cached like a list of data, it would show a clear only after the next clear.
      reply
        .header('cache-control', 'no-store')
        .header('link', pageLinks(link, publicUrl, request.routeOptions.url ?? ''))
      return envelope
    },
  )
  app.get(
    '/cache/clears/:seq',
    {
      config: { access: 'stats' },
      schema: {
        tags: ['cache'],
        summary: 'One clear',
        params: ClearParameters,
        response: { 200: Clear, ...problemAnswers(400, 401, 403, 404, 503) },
      },
    },
    (request, reply) => {
      reply.header('cache-control', 'no-store')
      return loadClear(app.database, request.params.seq)
    },
  )
  done()
}
