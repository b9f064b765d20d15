// Budgets: how much of today's is spent, of each analyser that has one.
import type { Analyser } from '../../analyses/analysers/analyser.ts'
import { formatMoney } from '../../analyses/money.ts'
import type { Config } from '../../config.ts'
import { readAnalyserFigures } from '../../db/analysis-figures.ts'
import { hasEmbeddedPostgres } from '../../db/embedded/index.ts'
import { openConfiguredDatabase } from '../../db/open.ts'
import { note, ok, warning, type Finding } from './finding.ts'

const NEARLY_PERCENT = 90n

export async function budgetFindings(config: Config, analysers: readonly Analyser[]): Promise<Finding[]> {
  const limited = analysers.filter(({ dailyBudgetMicros }) => dailyBudgetMicros !== null)
  if (limited.length === 0) return []
  const figures = await figuresOf(config)
  return limited.map(({ name, currency, dailyBudgetMicros }) => {
    const check = `analyser ${name}: budget`
    const budget = dailyBudgetMicros ?? 0n
    const whole = `${formatMoney(budget)} ${currency} a day`
    if (figures === null) return note(check, `${whole}; PostgreSQL does not say what is spent of it`)
    const row = figures.find((each) => each.name === name && each.currency === currency)
    const spent = BigInt(row?.spentTodayMicros ?? 0)
    const says = `${formatMoney(spent)} of ${whole} are spent`
    return spent * 100n < budget * NEARLY_PERCENT
      ? ok(check, says)
      : warning(
          check,
          says,
          'raise daily_budget; over it, what is not kept gets 429 until the next day of UTC',
        )
  })
}

/** null where it cannot be asked; the look at PostgreSQL says why. It is neither made nor migrated for this. */
async function figuresOf(config: Config) {
  if (config.DATABASE_URL === undefined && !hasEmbeddedPostgres(config.DATA_DIR)) return null
  try {
    const database = await openConfiguredDatabase({ ...config, MIGRATE_ON_START: false })
    try {
      return await readAnalyserFigures(database)
    } finally {
      await database.close()
    }
  } catch {
    return null
  }
}
