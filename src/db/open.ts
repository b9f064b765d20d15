// Opens the configured PostgreSQL, or the embedded one where none is configured, and brings it up to date.
import path from 'node:path'
import type { Config } from '../config.ts'
import { openDatabase, type Database } from './client.ts'
import { keepEmbedded } from './embedded/keep.ts'
import { DatabaseUnavailable } from './errors.ts'
import { migrateDatabase } from './migrate.ts'

export interface OpenDatabase extends Database {
  /** For the log: what the service runs on, without password. */
  description: string
  /** True where nobody configured a database: the service fills it with the sample data. */
  embedded: boolean
}

/** @throws Error when the database cannot be reached, started or migrated. */
export async function openConfiguredDatabase(config: Config): Promise<OpenDatabase> {
  const { DATABASE_URL: configured, DATA_DIR } = config
  return configured === undefined ? openEmbedded(config, DATA_DIR) : openGiven(config, configured)
}

async function openGiven(config: Config, url: string): Promise<OpenDatabase> {
  if (config.MIGRATE_ON_START) await migrateDatabase(config.DATABASE_URL_DIRECT ?? url)
  return { ...openAt(config, url), embedded: false, description: describeUrl(url) }
}

async function openEmbedded(config: Config, dataDir: string): Promise<OpenDatabase> {
  const server = await keepEmbedded(dataDir)
  try {
    if (config.MIGRATE_ON_START) await migrateDatabase(server.url)
  } catch (error) {
    await server.stop()
    throw error
  }
  const database = openAt(config, server.url)
  return {
    ...database,
    embedded: true,
    // Two directories of the same name are two databases.
    description: `embedded, in ${path.resolve(dataDir)} (127.0.0.1:${server.port})`,
    rows: (...asked) =>
      database.rows<never>(...asked).catch((error: unknown) => {
        if (error instanceof DatabaseUnavailable) server.revive()
        throw error
      }),
    close: async () => {
      await database.close()
      await server.stop()
    },
  }
}

function openAt(config: Config, url: string): Database {
  return openDatabase({
    url,
    directUrl: config.DATABASE_URL === undefined ? url : config.DATABASE_URL_DIRECT,
    poolMax: config.DATABASE_POOL_MAX,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT_MS,
  })
}

function describeUrl(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host || 'local socket'}${pathname}`
}
