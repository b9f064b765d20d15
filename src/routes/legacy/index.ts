// Routes that existing clients call, with exactly their shapes; the figures are those of the other routes.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { TSchema } from 'typebox'
import type { Config } from '../../config.ts'
import { answerFromCache } from '../../http/cached.ts'
import { readDateRange } from '../../http/range.ts'
import { problemAnswers } from '../../http/schemas.ts'
import { ANY_INSTRUMENT, articleTags, barTags, METHOD_TAGS, scoreTags } from '../../http/tags.ts'
import { Problem } from '../../problems.ts'
import { COMPONENTS, type ComponentName } from '../../score/method.ts'
import { loadLatestScore } from '../score/queries.ts'
import { loadIndexHistory, loadSimplified } from './queries.ts'
import {
  ComponentNames,
  ComponentsLatest,
  IndexHistory,
  indexHistoryQuery,
  IndexPoint,
  Simplified,
  SimplifiedDetails,
  Weights,
} from './schema.ts'
import { simplifiedAnswer, simplifiedDetails } from './simplified.ts'

export const legacyRoutes: FastifyPluginCallbackTypebox<{ config: Config }> = (app, { config }, done) => {
  const symbol = config.DEFAULT_SYMBOL
  const tags = scoreTags(symbol)
  // Of bars and articles, and of how many equities there are; not of the scores.
  const simplifiedTags = [...barTags(symbol), ...ANY_INSTRUMENT, ...articleTags()]
  app.get(
    '/index/latest',
    { config: { access: 'read' }, schema: described('The newest score', IndexPoint, [404, 503]) },
    (request, reply) =>
      answerFromCache(
        request,
        reply,
        { category: 'score', name: 'index-latest', parameters: {}, tags },
        async () => {
          const { as_of, score } = await loadLatestScore(app.database, symbol)
          return { value: { as_of, score } satisfies IndexPoint }
        },
      ),
  )

  app.get(
    '/index/history',
    {
      config: { access: 'read' },
      schema: { ...described('Scores of a range', IndexHistory, [400, 503]), querystring: indexHistoryQuery },
    },
    (request, reply) => {
      const { range, start_date: from, end_date: to } = request.query
      const asked = range ?? readDateRange({ from, to }, { from: 'start_date', to: 'end_date' })
      const parameters = typeof asked === 'string' ? { range: asked } : { ...asked }
      return answerFromCache(
        request,
        reply,
        { category: 'score', name: 'index-history', parameters, tags },
        async () => ({ value: { data: await loadIndexHistory(app.database, symbol, asked) } }),
      )
    },
  )

  app.get(
    '/components/latest',
    {
      config: { access: 'read' },
      schema: described('The components of the newest score', ComponentsLatest, [404, 503]),
    },
    (request, reply) =>
      answerFromCache(
        request,
        reply,
        { category: 'score', name: 'components-latest', parameters: {}, tags },
        async () => {
          const { as_of, score, components } = await loadLatestScore(app.database, symbol)
          // These clients cannot take null, and show weights times components beside the score: what counts for nothing stands where it moves nothing.
          return { value: { as_of, ...forEachComponent((name) => components[name] ?? score) } }
        },
      ),
  )

  app.get(
    '/simplified-v2/score',
    { config: { access: 'read' }, schema: described('The simplified score', Simplified, [404, 503]) },
    (request, reply) =>
      answerFromCache(
        request,
        reply,
        { category: 'simplified', name: 'score', parameters: {}, tags: simplifiedTags },
        async () => ({ value: simplifiedAnswer(await loadSimplified(app.database, symbol)) }),
      ),
  )

  app.get(
    '/simplified-v2/details',
    {
      config: { access: 'read' },
      schema: described('The simplified score and how it is calculated', SimplifiedDetails, [404, 503]),
    },
    (request, reply) =>
      answerFromCache(
        request,
        reply,
        { category: 'simplified', name: 'details', parameters: {}, tags: simplifiedTags },
        async () => ({ value: simplifiedDetails(await loadSimplified(app.database, symbol)) }),
      ),
  )

  app.get(
    '/metadata/weights',
    { config: { access: 'read' }, schema: described('The weight of each component', Weights, []) },
    (request, reply) =>
      answerFromCache(
        request,
        reply,
        { category: 'score', name: 'weights', parameters: {}, tags: METHOD_TAGS },
        () => Promise.resolve({ value: weights }),
      ),
  )

  app.get(
    '/metadata/components',
    { config: { access: 'read' }, schema: described('Names of the components', ComponentNames, []) },
    (request, reply) =>
      answerFromCache(
        request,
        reply,
        { category: 'score', name: 'component-names', parameters: {}, tags: METHOD_TAGS },
        () => Promise.resolve({ value: { components: COMPONENTS.map(({ name }) => name) } }),
      ),
  )
  // A button of theirs. It changes nothing, so nobody is asked for a key before being told so.
  app.post(
    '/scheduler/trigger',
    {
      config: { access: 'open' },
      schema: {
        tags: ['legacy'],
        summary: 'Would have the sources collected now; nothing here collects',
        response: problemAnswers(501),
      },
    },
    () => {
      throw new Problem(
        'not_collecting',
        'this service collects nothing by itself, so there is nothing to trigger; send what was collected to /api/v1/ingest/articles or /api/v1/ingest/bars',
      )
    },
  )
  done()
}

/** @param problems statuses beside those of access. */
function described<Answer extends TSchema>(summary: string, answer: Answer, problems: number[]) {
  return { tags: ['legacy'], summary, response: { 200: answer, ...problemAnswers(401, 403, ...problems) } }
}

const weights = Object.fromEntries(COMPONENTS.map(({ name, weight }) => [name, weight]))

function forEachComponent(valueOf: (name: ComponentName) => number): Record<ComponentName, number> {
  return Object.fromEntries(COMPONENTS.map(({ name }) => [name, valueOf(name)])) as Record<
    ComponentName,
    number
  >
}
