// Instruments as reference data: created, changed and deleted.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import { preconditionOf } from '../../http/conditions.ts'
import { NoQuery, problemAnswers } from '../../http/schemas.ts'
import { deleteInstrument, putInstrument } from './queries.ts'
import { Instrument, InstrumentBody, InstrumentParameters } from './schema.ts'

export const instrumentRoutes: FastifyPluginCallbackTypebox = (app, _options, done) => {
  const common = { tags: ['ingest'], params: InstrumentParameters, querystring: NoQuery }
  app.put(
    '/instruments/:symbol',
    {
      config: { access: 'ingest', hasPreconditions: true },
      schema: {
        ...common,
        summary: 'Create an instrument or replace what is known of it',
        description: 'A field that is left out becomes null.',
        body: InstrumentBody,
        response: { 200: Instrument, ...problemAnswers(400, 401, 403, 412, 503) },
      },
    },
    (request, reply) => {
      reply.header('cache-control', 'no-store')
      return putInstrument(app.database, request.params.symbol, request.body, preconditionOf(request.headers))
    },
  )
  app.delete(
    '/instruments/:symbol',
    {
      config: { access: 'ingest', hasPreconditions: true },
      schema: {
        ...common,
        summary: 'Delete an instrument that has no bars',
        response: { 200: Instrument, ...problemAnswers(400, 401, 403, 404, 409, 412, 503) },
      },
    },
    (request, reply) => {
      reply.header('cache-control', 'no-store')
      return deleteInstrument(app.database, request.params.symbol, preconditionOf(request.headers))
    },
  )
  done()
}
