// Builds the service without listening: plugins in order, then routes. Tests build it with the same function as the process.
import fastify, { LogController, type FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Config } from './config.ts'
import type { Database } from './db/client.ts'
import { answerClientError } from './http/client-error.ts'
import { RequestLog, type ServiceLog } from './http/request-log.ts'
import { createServer } from './http/server.ts'
import { validatorCompiler } from './http/validation.ts'
import { loggerOptions } from './log.ts'
import accessPlugin from './plugins/access.ts'
import analysesPlugin from './plugins/analyses.ts'
import answersPlugin from './plugins/answers.ts'
import articleScoresPlugin from './plugins/article-scores.ts'
import carefulWritesPlugin from './plugins/careful-writes.ts'
import cachePlugin from './plugins/cache.ts'
import corsPlugin, { corsHeaders } from './plugins/cors.ts'
import databasePlugin from './plugins/database.ts'
import drainPlugin from './plugins/drain.ts'
import headPlugin from './plugins/head.ts'
import inTurnPlugin from './plugins/in-turn.ts'
import jsonBodyPlugin from './plugins/json-body.ts'
import metricsPlugin from './plugins/metrics.ts'
import openapiPlugin from './plugins/openapi.ts'
import problemsPlugin, { sendError } from './plugins/problems.ts'
import queryPlugin, { parseQuery } from './plugins/query.ts'
import redisPlugin from './plugins/redis.ts'
import requestCountsPlugin from './plugins/request-counts.ts'
import requestIdPlugin, { requestId } from './plugins/request-id.ts'
import scoresPlugin from './plugins/scores.ts'
import securityHeadersPlugin from './plugins/security-headers.ts'
import statsPlugin from './plugins/stats.ts'
import timePlugin from './plugins/time.ts'
import underPressurePlugin from './plugins/under-pressure.ts'
import warmingPlugin from './plugins/warming.ts'
import wellFormedPlugin from './plugins/well-formed.ts'
import { analysisRoutes } from './routes/analyses/index.ts'
import { cacheRoutes } from './routes/cache/index.ts'
import { dashboardRoutes } from './routes/dashboard/index.ts'
import { healthRoutes } from './routes/health/index.ts'
import { ingestRoutes } from './routes/ingest/index.ts'
import { instrumentRoutes } from './routes/instruments/index.ts'
import { legacyRoutes } from './routes/legacy/index.ts'
import { mediaRoutes } from './routes/media/index.ts'
import { sourceRoutes } from './routes/media/sources/index.ts'
import { metricsRoutes } from './routes/metrics/index.ts'
import { overviewRoutes } from './routes/overview/index.ts'
import { scoreRoutes } from './routes/score/index.ts'
import { volumeRoutes } from './routes/volume/index.ts'
import { SYSTEM_TIME, type Time } from './time/time.ts'
import { VERSION } from './version.ts'

/** No request of ours has a larger body, ingestions apart. */
const BODY_LIMIT_BYTES = 64 * 1024
/** Beyond what Node takes as a URL, so that parameters in the path are refused by their schema, by name. */
const PATH_PARAMETER_MAX_LENGTH = 16 * 1024

/**
 * @param database open and migrated; whoever opened it closes it after the app.
 * @param logStream where log lines go; standard output unless given.
 * @param time injected by tests.
 */
export async function buildApp(
  config: Config,
  database: Database,
  logStream?: { write(line: string): void },
  time: Time = SYSTEM_TIME,
): Promise<FastifyInstance> {
  const allowOrigin = corsHeaders(config)
  const app = fastify({
    logger: loggerOptions(config, logStream),
    // A line a request costs more than the request; at `debug` the cache has one.
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (log, bindings, options) => new RequestLog(log as ServiceLog, bindings, options),
    trustProxy: config.TRUST_PROXY,
    bodyLimit: BODY_LIMIT_BYTES,
    serverFactory: (handle) =>
      createServer(handle, config, (status) => app.requestCounts.none.count(status), time),
    genReqId: requestId,
    routerOptions: { querystringParser: parseQuery, maxParamLength: PATH_PARAMETER_MAX_LENGTH },
    // A URL that cannot be decoded reaches no route and no error handler.
    frameworkErrors: (error, request, reply) => {
      allowOrigin?.(request, reply)
      app.requestCounts.none.count(sendError(error, request, reply).statusCode)
    },
    clientErrorHandler: (error, socket) =>
      answerClientError(error, socket, (status) => app.requestCounts.none.count(status)),
    // While the server closes, what still arrives on open connections is answered; the default is a 503 that is no problem document.
    return503OnClosing: false,
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  // Fastify makes a serialiser of each schema of an answer, which is 12 MB and a third of what lives on the heap. Answers that matter are bytes.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))

  await registerAll(app, { config, database, time }).catch(async (error: unknown) => {
    // The cache may have joined the fleet by now: it leaves.
    await app.close()
    throw error
  })
  return app
}

interface Registered {
  config: Config
  database: Database
  time: Time
}

/** Plugins in order, then routes. */
async function registerAll(app: FastifyInstance, { config, database, time }: Registered): Promise<void> {
  await app.register(timePlugin, { time })
  await app.register(problemsPlugin)
  await app.register(requestCountsPlugin)
  await app.register(drainPlugin, { config })
  await app.register(inTurnPlugin)
  await app.register(requestIdPlugin)
  await app.register(securityHeadersPlugin)
  await app.register(corsPlugin, { config })
  await app.register(wellFormedPlugin)
  await app.register(underPressurePlugin, { config })
  await app.register(queryPlugin)
  await app.register(jsonBodyPlugin)
  await app.register(headPlugin)
  await app.register(accessPlugin, { config })
  await app.register(carefulWritesPlugin)
  await app.register(databasePlugin, { database })
  await app.register(redisPlugin, { config })
  await app.register(cachePlugin, { config })
  await app.register(scoresPlugin, { config })
  await app.register(analysesPlugin, { config })
  await app.register(articleScoresPlugin, { config })
  await app.register(statsPlugin, { config })
  await app.register(warmingPlugin, { config })
  await app.register(metricsPlugin, { config })
  await app.register(answersPlugin, { config })
  await app.register(openapiPlugin, { config, version: VERSION })

  await app.register(healthRoutes)
  await app.register(cacheRoutes, { config })
  await app.register(dashboardRoutes, { config })
  await app.register(metricsRoutes)
  await app.register(
    async (api) => {
      await api.register(volumeRoutes, { config })
      await api.register(scoreRoutes, { config })
      await api.register(mediaRoutes, { config })
      await api.register(overviewRoutes, { config })
      await api.register(legacyRoutes, { config })
      await api.register(sourceRoutes)
      await api.register(instrumentRoutes)
      await api.register(ingestRoutes, { config })
      await api.register(analysisRoutes, { config })
    },
    { prefix: '/api/v1' },
  )
}
