// The database for the time of one command.
import path from 'node:path'
import type { Config } from '../config.ts'
import { hasEmbeddedPostgres } from '../db/embedded/index.ts'
import { openConfiguredDatabase, type OpenDatabase } from '../db/open.ts'
import { reasonOf } from '../loading/transaction.ts'
import { CommandError } from './exits.ts'

/** Whether an embedded database may be made where there is none; `may create`: with --create it may. */
export type Creation = 'never' | 'may create' | 'creates'

/** @throws CommandError when the database cannot be opened, or there is none; what `work` throws otherwise. */
export async function withDatabase<Result>(
  config: Config,
  work: (database: OpenDatabase) => Promise<Result>,
  creation: Creation = 'never',
): Promise<Result> {
  if (creation !== 'creates') requireDatabase(config, creation)
  const database = await openConfiguredDatabase(config).catch((error: unknown) => {
    throw new CommandError(`the database cannot be opened: ${reasonOf(error)}`, { cause: error })
  })
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

/** A service that was started with other settings has another one: what a new one gets, nobody would ever see. */
function requireDatabase({ DATABASE_URL, DATA_DIR }: Config, creation: Creation): void {
  if (DATABASE_URL !== undefined || hasEmbeddedPostgres(DATA_DIR)) return
  const remedy = creation === 'never' ? '' : '; --create makes a new one'
  throw new CommandError(
    `there is no database in ${path.resolve(DATA_DIR)}: give this command the DATABASE_URL or DATA_DIR of the service${remedy}`,
  )
}
