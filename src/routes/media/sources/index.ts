// Media sources as reference data: created, changed and deleted.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import { preconditionOf } from '../../../http/conditions.ts'
import { NoQuery, problemAnswers } from '../../../http/schemas.ts'
import { deleteSource, putSource } from './queries.ts'
import { Source, SourceBody, SourceParameters } from './schema.ts'

export const sourceRoutes: FastifyPluginCallbackTypebox = (app, _options, done) => {
  const common = { tags: ['ingest'], params: SourceParameters, querystring: NoQuery }
  app.put(
    '/media/sources/:code',
    {
      config: { access: 'ingest', hasPreconditions: true },
      schema: {
        ...common,
        summary: 'Create a media source or replace what is known of it',
        description: 'A field that is left out becomes null.',
        body: SourceBody,
        response: { 200: Source, ...problemAnswers(400, 401, 403, 412, 503) },
      },
    },
    (request, reply) => {
      reply.header('cache-control', 'no-store')
      return putSource(app.database, request.params.code, request.body, preconditionOf(request.headers))
    },
  )
  app.delete(
    '/media/sources/:code',
    {
      config: { access: 'ingest', hasPreconditions: true },
      schema: {
        ...common,
        summary: 'Delete a media source that has no articles',
        response: { 200: Source, ...problemAnswers(400, 401, 403, 404, 409, 412, 503) },
      },
    },
    (request, reply) => {
      reply.header('cache-control', 'no-store')
      return deleteSource(app.database, request.params.code, preconditionOf(request.headers))
    },
  )
  done()
}
