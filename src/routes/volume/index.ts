// Trading volume: the bars of an instrument, and the last sessions at a glance.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { Config } from '../../config.ts'
import { answerFromCache } from '../../http/cached.ts'
import { answerList } from '../../http/list.ts'
import { readDateRange } from '../../http/range.ts'
import { listAnswer, problemAnswers } from '../../http/schemas.ts'
import { barTags } from '../../http/tags.ts'
import { loadLatestVolume, loadVolume, loadVolumeStats, loadVolumeTrend, volumeList } from './queries.ts'
import {
  lastSessionsQuery,
  VolumeLatest,
  volumeQuery,
  VolumeRow,
  VolumeStats,
  VolumeTrend,
  volumeTrendQuery,
} from './schema.ts'

export const volumeRoutes: FastifyPluginCallbackTypebox<{ config: Config }> = (app, { config }, done) => {
  const problems = problemAnswers(400, 401, 403, 404, 503)

  app.get(
    '/volume',
    {
      config: { access: 'read' },
      schema: {
        tags: ['volume'],
        summary: 'Daily bars of an instrument',
        querystring: volumeQuery(config.DEFAULT_SYMBOL),
        response: { 200: listAnswer('BarList', VolumeRow), ...problems },
      },
    },
    (request, reply) => {
      const { symbol, ...query } = request.query
      const range = readDateRange(query)
      const resource = {
        category: 'volume',
        list: volumeList,
        filters: { symbol, ...range },
        tags: barTags(symbol),
        maxOffset: config.MAX_OFFSET,
      } as const
      return answerList(request, reply, resource, query, (page) =>
        loadVolume(app.database, symbol, range, page),
      )
    },
  )

  app.get(
    '/volume/latest',
    {
      config: { access: 'read' },
      schema: {
        tags: ['volume'],
        summary: 'The last sessions, ascending, with their volume against the mean',
        querystring: lastSessionsQuery(config.DEFAULT_SYMBOL),
        response: { 200: VolumeLatest, ...problems },
      },
    },
    (request, reply) => {
      const { symbol, days } = request.query
      return answerFromCache(
        request,
        reply,
        { category: 'volume', name: 'latest', parameters: { symbol, days }, tags: barTags(symbol) },
        async () => ({
          value: await loadLatestVolume(app.database, symbol, days),
        }),
      )
    },
  )

  app.get(
    '/volume/stats',
    {
      config: { access: 'read' },
      schema: {
        tags: ['volume'],
        summary: 'Volume over the last sessions in four figures',
        querystring: lastSessionsQuery(config.DEFAULT_SYMBOL),
        response: { 200: VolumeStats, ...problems },
      },
    },
    (request, reply) => {
      const { symbol, days } = request.query
      return answerFromCache(
        request,
        reply,
        { category: 'volume', name: 'stats', parameters: { symbol, days }, tags: barTags(symbol) },
        async () => ({ value: await loadVolumeStats(app.database, symbol, days) }),
      )
    },
  )

  app.get(
    '/volume/trend',
    {
      config: { access: 'read' },
      schema: {
        tags: ['volume'],
        summary: 'Whether volume grows: the newer half of 30 sessions against the older',
        querystring: volumeTrendQuery(config.DEFAULT_SYMBOL),
        response: { 200: VolumeTrend, ...problems },
      },
    },
    (request, reply) => {
      const { symbol } = request.query
      return answerFromCache(
        request,
        reply,
        { category: 'volume', name: 'trend', parameters: { symbol }, tags: barTags(symbol) },
        async () => ({ value: await loadVolumeTrend(app.database, symbol) }),
      )
    },
  )
  done()
}
