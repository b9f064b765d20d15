// The page for whoever runs the service, and the events that keep it live. The page itself holds no data and loads without a key.
import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyPluginAsyncTypebox, FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import type { Config } from '../../config.ts'
import { matchesStrongly, matchesWeakly } from '../../http/conditions.ts'
import { problemAnswers } from '../../http/schemas.ts'
import { addPageHeaders } from '../../plugins/security-headers.ts'
import { Problem } from '../../problems.ts'
import { Broadcast } from './broadcast.ts'
import { readPageFiles, type PageFile } from './files.ts'
import { loadLists } from './queries.ts'
import { Sampler } from './sampler.ts'

const SAMPLE_MS = 2000
/** A quarter of an hour. */
const KEPT_POINTS = 450
/** The history is a fifth of that, a sample a hundredth. */
const MAX_BACKLOG_BYTES = 1024 * 1024
const RETRY_AFTER_S = 10

export const dashboardRoutes: FastifyPluginAsyncTypebox<{ config: Config }> = async (app, { config }) => {
  await app.register(servePage, { files: await readPageFiles() })

  const { cache, database, redisGuard, stats, stopSignal, time } = app
  const sampler = new Sampler({
    poll: stats.poll,
    cache,
    guard: redisGuard,
    readLists: () => loadLists(database),
    time,
  })
  const broadcast = new Broadcast({
    take: () => sampler.take(),
    pointOf: ({ point }) => point,
    everyMs: SAMPLE_MS,
    keep: KEPT_POINTS,
    maxClients: config.DASHBOARD_MAX_CLIENTS,
    maxBacklogBytes: MAX_BACKLOG_BYTES,
    onDropped: () => app.log.warn('a dashboard did not read what it was sent, and was cut off'),
    onFailure: (error) => app.log.warn({ err: error }, 'a sample for the dashboard could not be taken'),
    time,
  })
  stopSignal.addEventListener('abort', () => broadcast.close())

  app.get(
    '/api/v1/dashboard/events',
    {
      schema: {
        tags: ['cache'],
        summary: 'Figures as they come, for the page at /dashboard',
        description:
          'Server-sent events without an end: `history` once, then `sample` every 2 s, which is the heartbeat as well. At most `DASHBOARD_MAX_CLIENTS` at a time; who does not read is cut off. What is in them belongs to the page of the same release: build on `/cache/stats`, `/cache/clears` and `/metrics`.',
        response: {
          200: { content: { 'text/event-stream': { schema: Type.String() } } },
          ...problemAnswers(401, 403, 503),
        },
      },
      config: { access: 'stats', evenOverloaded: true },
    },
    (request, reply) => {
      if (broadcast.isFull) {
        const detail = `${broadcast.clients} of them watch this instance, and no more may (DASHBOARD_MAX_CLIENTS); try again in ${RETRY_AFTER_S} s`
        throw new Problem('dashboard_busy', detail, [], RETRY_AFTER_S)
      }
      reply.headers({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // nginx would keep events back until there are 4 KB of them.
        'x-accel-buffering': 'no',
      })
      if (request.method === 'HEAD') {
        reply.send(undefined as never)
        return
      }
      reply.hijack()
      reply.raw.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders)
      broadcast.add(reply.raw)
      // Others may have said all they have to say; this client is gone, and nothing would tell but a write that fails.
      request.raw.socket.once('end', () => reply.raw.destroy())
    },
  )
}

const servePage: FastifyPluginCallbackTypebox<{ files: PageFile[] }> = (app, { files }, done) => {
  addPageHeaders(app)
  for (const { url, type, etag, body } of files) {
    const config = { access: 'open', evenOverloaded: true, hasPreconditions: true } as const
    app.get(url, { schema: { hide: true }, config }, (request, reply) => {
      // Asked for anew each time, and not sent anew: a page and scripts of two releases must not meet.
      const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers
      if (ifMatch !== undefined && !matchesStrongly(ifMatch, etag))
        throw new Problem('precondition_failed', 'the file is none of those that If-Match names')
      reply.headers({ etag, 'cache-control': 'no-cache' })
      if (ifNoneMatch !== undefined && matchesWeakly(ifNoneMatch, etag)) return reply.code(304).send()
      return reply.type(type).send(body)
    })
  }
  done()
}
