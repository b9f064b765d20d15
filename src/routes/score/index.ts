// The Fear & Greed score of an instrument: its history, its newest value, and how it is computed.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { Config } from '../../config.ts'
import { answerFromCache } from '../../http/cached.ts'
import { answerList } from '../../http/list.ts'
import { readDateRange } from '../../http/range.ts'
import { listAnswer, problemAnswers } from '../../http/schemas.ts'
import { METHOD_TAGS, scoreTags } from '../../http/tags.ts'
import { loadLatestScore, loadScores, scoreList } from './queries.ts'
import { COMPONENTS, LABEL_BANDS, METHOD_VERSION, WINDOWS } from '../../score/method.ts'
import { Methodology, Score, scoreLatestQuery, scoreQuery } from './schema.ts'

export const scoreRoutes: FastifyPluginCallbackTypebox<{ config: Config }> = (app, { config }, done) => {
  const problems = problemAnswers(400, 401, 403, 404, 503)

  app.get(
    '/score',
    {
      config: { access: 'read' },
      schema: {
        tags: ['score'],
        summary: 'Scores of an instrument, one a session',
        querystring: scoreQuery(config.DEFAULT_SYMBOL),
        response: { 200: listAnswer('ScoreList', Score), ...problems },
      },
    },
    (request, reply) => {
      const { symbol, ...query } = request.query
      const range = readDateRange(query)
      const resource = {
        category: 'score',
        list: scoreList,
        filters: { symbol, ...range },
        tags: scoreTags(symbol),
        maxOffset: config.MAX_OFFSET,
      } as const
      return answerList(request, reply, resource, query, (page) =>
        loadScores(app.database, symbol, range, page),
      )
    },
  )

  app.get(
    '/score/latest',
    {
      config: { access: 'read' },
      schema: {
        tags: ['score'],
        summary: 'The newest score',
        querystring: scoreLatestQuery(config.DEFAULT_SYMBOL),
        response: { 200: Score, ...problems },
      },
    },
    (request, reply) => {
      const { symbol } = request.query
      return answerFromCache(
        request,
        reply,
        { category: 'score', name: 'latest', parameters: { symbol }, tags: scoreTags(symbol) },
        async () => ({
          value: await loadLatestScore(app.database, symbol),
        }),
      )
    },
  )

  app.get(
    '/score/methodology',
    {
      config: { access: 'read' },
      schema: {
        tags: ['score'],
        summary: 'How the score is computed',
        response: { 200: Methodology, ...problemAnswers(401, 403) },
      },
    },
    (request, reply) =>
      answerFromCache(request, reply, METHODOLOGY, () => Promise.resolve({ value: methodology })),
  )
  done()
}

const METHODOLOGY = {
  category: 'score',
  name: 'methodology',
  parameters: {},
  tags: METHOD_TAGS,
} as const

const methodology: Methodology = {
  version: METHOD_VERSION,
  window: WINDOWS.rank,
  components: COMPONENTS.map(({ name, weight, definition }) => ({ name, weight, definition })),
  labels: [...LABEL_BANDS],
}
