// Press articles: the list, one article, the sources, and sentiment in figures.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { Config } from '../../config.ts'
import { answerFromCache } from '../../http/cached.ts'
import { answerList } from '../../http/list.ts'
import { readInstantRange } from '../../http/range.ts'
import { listAnswer, problemAnswers } from '../../http/schemas.ts'
import { articleTags } from '../../http/tags.ts'
import { isPlainId } from '../../pagination/index.ts'
import { loadArticle, loadArticles, loadSentimentStats, loadSources, mediaList } from './queries.ts'
import {
  Article,
  ArticleParameters,
  mediaQuery,
  SentimentStats,
  sentimentStatsQuery,
  Sources,
} from './schema.ts'

export const mediaRoutes: FastifyPluginCallbackTypebox<{ config: Config }> = (app, { config }, done) => {
  app.get(
    '/media/latest',
    {
      config: { access: 'read' },
      schema: {
        tags: ['media'],
        summary: 'Articles by time of publication',
        description: 'A plain article id as `cursor` means: after that article.',
        querystring: mediaQuery,
        response: { 200: listAnswer('ArticleList', Article), ...problemAnswers(400, 401, 403, 404, 503) },
      },
    },
    (request, reply) => {
      const { source, sentiment, from, to, ...query } = request.query
      const filters = { source, sentiment, ...readInstantRange({ from, to }) }
      const resource = {
        category: 'media',
        list: mediaList,
        filters,
        // An id as cursor may be that of any source's article, and the page moves with it.
        tags: articleTags(isPlainId(query.cursor) ? undefined : source),
        maxOffset: config.MAX_OFFSET,
      } as const
      return answerList(request, reply, resource, query, (page) => loadArticles(app.database, filters, page))
    },
  )

  app.get(
    '/media/:id',
    {
      config: { access: 'read' },
      schema: {
        tags: ['media'],
        summary: 'One article',
        params: ArticleParameters,
        response: { 200: Article, ...problemAnswers(400, 401, 403, 404, 503) },
      },
    },
    (request, reply) => {
      const { id } = request.params
      return answerFromCache(
        request,
        reply,
        // Of which source it is, only the article tells.
        { category: 'media', name: 'article', parameters: { id }, tags: articleTags() },
        async () => {
          const article = await loadArticle(app.database, id)
          return { value: article, tags: articleTags(article.source) }
        },
      )
    },
  )

  app.get(
    '/media/sources',
    {
      config: { access: 'read' },
      schema: {
        tags: ['media'],
        summary: 'Media sources and how many articles each has',
        response: { 200: Sources, ...problemAnswers(401, 403, 503) },
      },
    },
    (request, reply) =>
      answerFromCache(
        request,
        reply,
        { category: 'reference', name: 'media-sources', parameters: {}, tags: articleTags() },
        async () => ({
          value: await loadSources(app.database),
        }),
      ),
  )

  app.get(
    '/media/sentiment-stats',
    {
      config: { access: 'read' },
      schema: {
        tags: ['media'],
        summary: 'Sentiment of the articles of a range, in figures',
        querystring: sentimentStatsQuery,
        response: { 200: SentimentStats, ...problemAnswers(400, 401, 403, 503) },
      },
    },
    (request, reply) => {
      const range = readInstantRange(request.query)
      return answerFromCache(
        request,
        reply,
        { category: 'media', name: 'sentiment-stats', parameters: { ...range }, tags: articleTags() },
        async () => ({ value: await loadSentimentStats(app.database, range) }),
      )
    },
  )
  done()
}
