// The process: configuration, database, listening, signals, exit code.
import './heap-growth.ts'
import './tick-objects.ts'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.ts'
import { ConfigError, loadConfig, type Config } from './config.ts'
import { openConfiguredDatabase, type OpenDatabase } from './db/open.ts'
import { applyEnvFile } from './env-file.ts'
import { listenError, requireAddress } from './listening.ts'
import { fillWithSample } from './sample.ts'
import { stopOnSignal, type StopReason } from './stop.ts'
import { SYSTEM_TIME, within } from './time/time.ts'

/** Of the 10 s that a stop may take; the rest is for connections to PostgreSQL and Redis that hang. */
const DRAIN_LIMIT_MS = 7000
/** Requests wait no longer for it than this; it goes on while they come. */
const WARM_UP_LIMIT_MS = 1000
/** Of a start that failed, to leave the fleet; whoever waits for the process to end has waited. */
const LEAVE_LIMIT_MS = 2000
const EXIT_CONFIGURATION = 2

const running: { database?: OpenDatabase; app?: FastifyInstance } = {}
const isStopping = stopOnSignal(stop)

async function main(): Promise<void> {
  applyEnvFile(process.env)
  const config = loadConfig(process.env)
  // Before anything is opened: a start that cannot listen must not have joined the fleet, nor have warmed anything.
  await requireAddress(config)
  const database = (running.database = await openConfiguredDatabase(config))
  const app = (running.app = await buildApp(config, database))

  app.log.info(`PostgreSQL: ${database.description}`)
  app.log.info(describeCache(config))
  if (database.embedded) await fillWithSample(database, config, app.log)
  await app.ready()
  await app.warmUp(WARM_UP_LIMIT_MS)
  if (isStopping()) return
  await app
    .listen({
      host: config.HOST,
      port: config.PORT,
      listenTextResolver: (address) => `listening on ${address}, documentation at ${address}/docs`,
    })
    .catch((error: unknown) => {
      throw listenError(error, config)
    })
}

/** Also of a service that is still starting: what is open by then is closed. */
async function stop({ err, signal }: StopReason): Promise<void> {
  const { app, database } = running
  if (err) app?.log.fatal({ err }, 'stopping after an error')
  else app?.log.info(`${signal ?? 'stop'}: finishing running requests`)
  await app?.drain(DRAIN_LIMIT_MS)
  await app?.close()
  await database?.close()
}

/** A start that failed leaves as a stop does: a member that stays on the list keeps the next clear waiting. */
async function leave(): Promise<void> {
  const { app, database } = running
  const left = app === undefined ? Promise.resolve() : Promise.resolve(app.close())
  await within(
    SYSTEM_TIME,
    LEAVE_LIMIT_MS,
    left.catch(() => undefined),
  )
  await database?.close().catch(() => undefined)
}

function describeCache(config: Config): string {
  const memory =
    config.CACHE_MEMORY_MAX_MB === 0 ? 'no memory tier' : `memory up to ${config.CACHE_MEMORY_MAX_MB} MiB`
  const redis =
    config.REDIS_URL === undefined || !config.REDIS_ENABLED
      ? 'no Redis'
      : `Redis at ${new URL(config.REDIS_URL).host}`
  return `cache: ${memory}, ${redis}`
}

main().catch(async (error: unknown) => {
  // What was being opened when a stop closed it: the stop itself ends the process.
  if (isStopping()) return
  // Before there is a logger, and for whoever starts the service by hand: one plain line.
  process.stderr.write(`barometer: ${error instanceof Error ? error.message : String(error)}\n`)
  await leave()
  process.exit(error instanceof ConfigError ? EXIT_CONFIGURATION : 1)
})
