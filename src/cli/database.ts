// The database for the time of one command.
import type { Config } from '../config.ts'
import { openConfiguredDatabase, type OpenDatabase } from '../db/open.ts'
import { reasonOf } from '../loading/transaction.ts'
import { CommandError } from './exits.ts'

/** @throws CommandError when the database cannot be opened; what `work` throws otherwise. */
export async function withDatabase<Result>(
  config: Config,
  work: (database: OpenDatabase) => Promise<Result>,
): Promise<Result> {
  const database = await openConfiguredDatabase(config).catch((error: unknown) => {
    throw new CommandError(`the database cannot be opened: ${reasonOf(error)}`, { cause: error })
  })
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}
