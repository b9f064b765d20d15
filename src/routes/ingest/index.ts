// Data in: bars of an instrument, and articles, as a stream of any size in one transaction.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Config } from '../../config.ts'
import { isUtf8, readMediaType } from '../../http/media-type.ts'
import { problemAnswers } from '../../http/schemas.ts'
import { receiveUpload } from '../../http/upload.ts'
import { load, type ArticleLoad, type BarLoad } from '../../loading/load.ts'
import { quote } from '../../loading/wording.ts'
import { Problem } from '../../problems.ts'
import { problemOf } from './failures.ts'
import { Running } from './running.ts'
import { ArticlesBody, ArticlesQuery, BarsBody, BarsQuery, FORMAT_OF, IngestReport } from './schema.ts'

type Target = Pick<ArticleLoad, 'kind'> | Omit<BarLoad, 'pool' | 'input'>
type Options = Pick<ArticleLoad, 'onError' | 'dryRun'>

const MIB = 1024 * 1024

export const ingestRoutes: FastifyPluginCallbackTypebox<{ config: Config }> = (app, { config }, done) => {
  const running = new Running(() => app.database.connect(), config.INGEST_TIMEOUT_MS, app.time)
  app.addHook('preClose', () => running.end())

  app.removeAllContentTypeParsers()
  for (const type of Object.keys(FORMAT_OF))
    app.addContentTypeParser(type, (_request, raw, next) => next(null, raw))
  app.addContentTypeParser('*', (request, _raw, next) => next(unsupported(request.headers)))

  const answers = {
    200: IngestReport,
    ...problemAnswers(400, 401, 403, 408, 412, 413, 415, 422, 503),
  }
  app.post(
    '/ingest/bars',
    {
      config: { access: 'ingest', body: BarsBody },
      schema: {
        tags: ['ingest'],
        summary: 'Bars of an instrument, in one transaction',
        description: `A symbol not seen before makes an instrument. ${DESCRIPTION}`,
        querystring: BarsQuery,
        response: answers,
      },
    },
    (request, reply) => {
      const { symbol, name, kind, currency, exchange, ...options } = request.query
      const target = { kind: 'bars', symbol, name, instrumentKind: kind, currency, exchange } as const
      return ingest(request, reply, target, { onError: options.on_error, dryRun: options.dry_run })
    },
  )
  app.post(
    '/ingest/articles',
    {
      config: { access: 'ingest', body: ArticlesBody },
      schema: {
        tags: ['ingest'],
        summary: 'Press articles, in one transaction',
        description: `A source not seen before is created with its code as its name. ${DESCRIPTION}`,
        querystring: ArticlesQuery,
        response: answers,
      },
    },
    (request, reply) => {
      const { on_error: onError, dry_run: dryRun } = request.query
      return ingest(request, reply, { kind: 'articles' }, { onError, dryRun })
    },
  )
  done()

  async function ingest(
    request: FastifyRequest,
    reply: FastifyReply,
    target: Target,
    options: Options,
  ): Promise<IngestReport> {
    reply.header('cache-control', 'no-store')
    const raw = request.body as IncomingMessage | undefined
    if (raw === undefined) throw unsupported(request.headers)
    const started = performance.now()
    const { format, gzip } = formOf(request)
    const report = await running.run(async (pool) => {
      const upload = receiveUpload(raw, gzip, {
        maxBytes: config.INGEST_MAX_MB * MIB,
        progressMs: config.REQUEST_TIMEOUT_MS,
        time: app.time,
      })
      // A load that waits for PostgreSQL to take what it has does not notice that nothing more will come. One that turns the body away knows why.
      upload.stream.once('error', () => {
        if (upload.failure() !== null) void pool.end({ timeout: 0 })
      })
      try {
        // Scores follow: an instance hears of the commit and computes them.
        const common = { pool, input: upload.stream, format, leavesScores: true }
        return await load({ ...target, ...common, ...options })
      } catch (error) {
        throw problemOf(error, upload.failure())
      } finally {
        upload.end()
      }
    })
    const { scoresChanged: _, ...counts } = report
    const ms = Math.round(performance.now() - started)
    const { rejections: _rejections, ignored: _ignored, warnings: _warnings, ...counted } = counts
    request.log.info({ ...counted, ...options, actor: request.actor, ms }, `${target.kind} ingested`)
    return { ...counts, dry_run: options.dryRun === true, took_ms: ms }
  }
}

function formOf({ headers }: FastifyRequest) {
  const mediaType = readMediaType(headers['content-type'])
  const format = FORMAT_OF[mediaType.type]
  const coding = (headers['content-encoding'] ?? 'identity').toLowerCase()
  if (format === undefined || !isUtf8(mediaType) || !['identity', 'gzip', 'x-gzip'].includes(coding))
    throw unsupported(headers)
  return { format, gzip: coding !== 'identity' }
}

function unsupported(headers: IncomingHttpHeaders): Problem {
  const { 'content-type': type, 'content-encoding': coding } = headers
  const sent = [type ?? 'no content-type', ...(coding === undefined ? [] : [`content-encoding: ${coding}`])]
  return new Problem(
    'unsupported_media_type',
    `${quote(sent.join(', '))} is not taken: send application/x-ndjson, text/csv or application/json in UTF-8, as it is or with content-encoding: gzip`,
  )
}

const DESCRIPTION =
  'What is there already under the same key is replaced, and of several records with one key the last wins. Each record is checked by itself. A body that breaks off leaves nothing.'
