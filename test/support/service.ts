// The service in this process, built and listening as in production, on a database of its own.
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { loadConfig, type Config } from '../../src/config.ts'
import { openDatabase, type Database } from '../../src/db/client.ts'
import { SYSTEM_TIME, type Time } from '../../src/time/time.ts'
import { renewed } from './renewed.ts'

export interface LogLine {
  level: number
  msg: string
  [field: string]: unknown
}

export interface TestService {
  app: FastifyInstance
  config: Config
  database: Database
  /** `http://127.0.0.1:PORT` */
  url: string
  log: LogLine[]
  get(path: string, headers?: Record<string, string>): Promise<Response>
  close(): Promise<void>
}

const NOT_UNDER_TEST = {
  // Loads for nobody would be counted among those that are.
  CACHE_WARM_KEYS: '0',
  // Articles would get scores, and answers of them expire, in the middle of a test.
  ANALYSE_ARTICLES: 'off',
  // The test shares the event loop, and delays it.
  PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0',
}

/** What Redis is slow in on a busy machine is no fault of its, and is not given up. */
export const PATIENT_REDIS = { REDIS_COMMAND_TIMEOUT_MS: '2000' }

/**
 * Starts the service with these environment variables on top of the defaults. Several may share a database by its URL.
 *
 * @param time that it decides by. Statements keep their limits in real time, as PostgreSQL does.
 */
export async function startService(
  t: Test,
  environment: { DATABASE_URL: string } & Record<string, string>,
  time: Time = SYSTEM_TIME,
): Promise<TestService> {
  const config = loadConfig({ PORT: '0', ...NOT_UNDER_TEST, ...environment })
  const database = openDatabase({
    url: environment.DATABASE_URL,
    poolMax: config.DATABASE_POOL_MAX,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT_MS,
  })
  const log: LogLine[] = []
  const logStream = { write: (line: string) => void log.push(JSON.parse(line) as LogLine) }
  const app = await buildApp(config, database, logStream, time)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= app.close().then(() => database.close()))
  t.teardown(close)
  await app.listen({ host: config.HOST, port: config.PORT })
  // A start that took long leaves a lease that has run out.
  await renewed(app.cache)
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    // fetch asks for gzip by itself and hides that it got it: entity tags and lengths would be of another coding from one answer to the next.
    fetch(url + path, { headers: { 'accept-encoding': 'identity', ...headers } })
  return { app, config, database, url, log, get, close }
}
