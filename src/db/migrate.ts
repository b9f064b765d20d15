// Brings the schema up to date. Instances that start together take turns under an advisory lock, so each migration runs once.
import { fileURLToPath } from 'node:url'
import { DrizzleQueryError } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import type { Sql } from 'postgres'
import { openPool } from './client.ts'

export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url))

/** Any number that no other application of the same database uses; spells "baro". */
const MIGRATION_LOCK = 0x6261726f
/** How long an instance waits for another one's migrations before it gives up. */
const LOCK_WAIT_SECONDS = 120
/** How long a migration waits for a table. Short: whoever reads that table then waits behind it. */
const TABLE_WAIT_SECONDS = 15
const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Applies what `migrations/` has and the database has not, all of it or nothing.
 *
 * @param url a direct connection: the lock belongs to a session, which a transaction pooler does not keep.
 * @throws Error when another instance's migrations, or a table in use, kept it waiting too long; what PostgreSQL throws otherwise.
 */
export async function migrateDatabase(
  url: string,
  limits: { lockWaitSeconds?: number; tableWaitSeconds?: number } = {},
): Promise<void> {
  const { lockWaitSeconds = LOCK_WAIT_SECONDS, tableWaitSeconds = TABLE_WAIT_SECONDS } = limits
  const session = openPool(url, { max: 1 })
  try {
    await limitLockWaits(session, lockWaitSeconds)
    await session`select pg_advisory_lock(${MIGRATION_LOCK})`.catch(
      explain(`another instance has been migrating this database for ${lockWaitSeconds} seconds`),
    )
    await limitLockWaits(session, tableWaitSeconds)
    await migrate(drizzle(session), { migrationsFolder: MIGRATIONS_FOLDER }).catch(
      explain(`a table to migrate has been in use for ${tableWaitSeconds} seconds; nothing was migrated`),
    )
  } finally {
    // Ends the session and with it the lock.
    await session.end({ timeout: 5 })
  }
}

async function limitLockWaits(session: Sql, seconds: number): Promise<void> {
  await session`select set_config('lock_timeout', ${`${seconds}s`}, false)`
}

/** Of drizzle's errors, which show the statement, to what PostgreSQL said about it. */
function explain(waitedTooLong: string): (error: unknown) => never {
  return (error) => {
    const reason = error instanceof DrizzleQueryError ? error.cause : error
    const { code } = reason as { code?: unknown }
    throw code === LOCK_NOT_AVAILABLE ? new Error(waitedTooLong, { cause: error }) : reason
  }
}
