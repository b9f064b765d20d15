// The OpenAPI document at /openapi.json and its page at /docs, both made from the routes' schemas.
import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import fastifyPlugin from 'fastify-plugin'
import type { Config } from '../config.ts'
import { documented } from '../http/documented.ts'
import { publicUrlOf } from '../http/page-links.ts'
import { completeDocument } from '../openapi/document.ts'
import type { OpenApiDocument } from '../openapi/model.ts'
import { addPageHeaders } from './security-headers.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A body that no schema checks, because it is a stream, by content type. */
    body?: object
  }
}

export default fastifyPlugin<{ config: Config; version: string }>(
  async (app, { config, version }) => {
    await app.register(fastifySwagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Barometer',
          license: { name: 'All rights reserved', identifier: 'LicenseRef-Proprietary' },
          version,
          description: DESCRIPTION,
        },
        servers: [{ url: publicUrlOf(config) ?? '/' }],
        tags: [
          { name: 'volume', description: 'Daily bars and trading volume' },
          { name: 'score', description: 'The Fear & Greed score' },
          { name: 'media', description: 'Press articles and their sentiment' },
          { name: 'analyses', description: 'What analysers find about texts and files, paid for once' },
          { name: 'overview', description: 'The shop window' },
          { name: 'legacy', description: 'Routes that existing clients call, with exactly their shapes' },
          { name: 'ingest', description: 'Data in, and what is known of instruments and sources' },
          { name: 'cache', description: 'State of the cache, and clearing it' },
          { name: 'health', description: 'Probes' },
        ],
        components: {
          securitySchemes: {
            bearer: { type: 'http', scheme: 'bearer', description: KEY_DESCRIPTION },
            header: { type: 'apiKey', in: 'header', name: 'x-api-key', description: KEY_DESCRIPTION },
          },
        },
      },
      transformObject: (given) =>
        completeDocument((given as { openapiObject: unknown }).openapiObject as OpenApiDocument) as never,
      transform: ({ schema, url, route }) => ({
        url,
        schema: documented(
          route.config?.body === undefined ? schema : { ...schema, body: route.config.body },
          route.config?.access ?? 'open',
        ),
      }),
    })
    await app.register(async (pages) => {
      addPageHeaders(pages)
      pages.addHook('onRoute', (route) => {
        // Files, which are sent with a tag of theirs.
        route.config = { ...route.config, access: 'open', hasPreconditions: true }
      })
      await pages.register(fastifySwaggerUi, {
        routePrefix: '/docs',
        theme: { title: 'Barometer API', css: [{ filename: 'page.css', content: PAGE_CSS }] },
        // Without the bar on top, whose only use is to load other documents.
        uiConfig: { layout: 'BaseLayout', docExpansion: 'list', defaultModelsExpandDepth: 0 },
      })
    })
    let document: string | undefined
    app.get('/openapi.json', { schema: { hide: true }, config: { access: 'open' } }, (_request, reply) =>
      reply
        .headers({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache' })
        .send((document ??= JSON.stringify(app.swagger()))),
    )
  },
  { name: 'openapi' },
)

/** The page links every licence to a public register, where this one is not. */
const PAGE_CSS = '.swagger-ui .info__license { display: none }'

const KEY_DESCRIPTION =
  'An API key with the scope that the operation names. Where no key is configured, none is asked for, and what changes something answers only direct requests of its own machine.'

const DESCRIPTION = `Read service of market sentiment: trading volume, a Fear & Greed score and press articles.

**Values.** Times are RFC 3339 in UTC, dates \`YYYY-MM-DD\`; scores and percentages have 2 decimals. \`from\` and \`to\` are inclusive; \`days\` counts
sessions back from the newest there is. Unknown query parameters are ignored where nothing is changed, and refused where something is.

**Lists** are paged by \`cursor\` or by \`offset\`. The first page, and each page by offset, has a cursor to go on from; pass \`next_cursor\` or \`prev_cursor\` on as it came, with the same
filters and order. By cursor, every row that stands there throughout comes exactly once, whatever comes and goes meanwhile. \`Link\` has the same pages as addresses.

**Caching.** Answers have a strong \`ETag\`; send it as \`If-None-Match\` and get 304 while it is right. Ask each time: a clear must reach everybody at once.
\`X-Cache\` says where an answer came from; \`STALE\` is an expired one that stands in while PostgreSQL does not answer.

**Errors** are RFC 9457 problems. Decide by \`code\`; \`errors\` names each parameter at fault; \`request_id\` finds the request in the log.`
