// `rescore` and `migrate`.
import type { Config } from '../config.ts'
import { rescore } from '../loading/load.ts'
import type { ReportContext } from './context.ts'
import { withDatabase } from './database.ts'
import { EXIT } from './exits.ts'

/** Each returns the exit code. */
export async function runRescore(context: ReportContext): Promise<number> {
  return withDatabase(context.config, async ({ pool, description }) => {
    const result = await rescore(pool, context.config.BOND_SYMBOL)
    const text = `scores changed: ${result.scoresChanged}\n  database: ${description}`
    context.output({ ...result, database: description }, text)
    return EXIT.ok
  })
}

/** @param creates whether an embedded database may be made. */
export async function runMigrate(config: Config, creates: boolean): Promise<number> {
  return withDatabase(
    { ...config, MIGRATE_ON_START: true },
    ({ description }) => {
      console.log(`the schema is up to date: ${description}`)
      return Promise.resolve(EXIT.ok)
    },
    creates ? 'creates' : 'may create',
  )
}
