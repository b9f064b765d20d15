// `clear`: asks first where somebody can be asked, then has the service clear, or writes the clear to the log where none runs.
import { resultsNamedBy, voidedAnswer, voidedText } from '../analyses/voided.ts'
import type { Selector } from '../cache/index.ts'
import { countResults, type Voided } from '../db/analysis-results.ts'
import { reasonOf } from '../loading/transaction.ts'
import { noteClear, voidNamed } from './clearing.ts'
import type { CommandContext } from './context.ts'
import { withDatabase } from './database.ts'
import { CommandError, EXIT } from './exits.ts'
import { addressText, ask, NobodyThere, refusalText, Refused, type ServiceAnswer } from './service.ts'
import { isAgreed, isTerminal } from './terminal.ts'
import { confirmedText } from './texts.ts'

export interface ClearOptions {
  dryRun?: boolean
  max?: number
  reason?: string
  yes?: boolean
}

/** Returns the exit code. @throws CommandError where nothing was cleared. */
export async function runClear(
  context: CommandContext,
  selector: Selector,
  options: ClearOptions,
): Promise<number> {
  const isDryRun = options.dryRun === true
  if (!isDryRun && options.yes !== true && !(await isMeant(context, selector))) {
    console.error('nothing was cleared')
    return EXIT.failed
  }
  try {
    const answer = await send(context, selector, options)
    const service = addressText(context.address)
    context.output({ by: 'service', service, ...answer }, `${service}: ${serviceText(answer)}`)
    return EXIT.ok
  } catch (error) {
    if (!(error instanceof NobodyThere)) throw error
    const at = addressText(context.address) ?? 'a fixed port'
    if (isDryRun && options.max === undefined && resultsNamedBy(selector) !== null)
      return await countByDatabase(context, selector, at)
    if (isDryRun || options.max !== undefined)
      throw new CommandError(
        `no service at ${at}, and only a service can count what it would clear; nothing was cleared`,
      )
    return await clearByLog(context, selector, options, at)
  }
}

/** Results that are kept can be counted without a service; keys of the cache cannot. */
async function countByDatabase(context: CommandContext, selector: Selector, at: string): Promise<number> {
  const named = resultsNamedBy(selector)
  const { results, database } = await withDatabase(context.config, async ({ pool, description }) => ({
    results: named === null ? null : await countResults(pool, named),
    database: description,
  }))
  const outcome = {
    by: 'log',
    service: null,
    dry_run: true,
    ...namesOf(selector),
    ...analysesOf(results),
    database,
  }
  context.output(
    outcome,
    `no service at ${at}; nothing was cleared; in ${database} ${results === null ? 'nothing' : voidedText(results)} would be deleted, and how many keys only a service can count`,
  )
  return EXIT.ok
}

async function clearByLog(
  context: CommandContext,
  selector: Selector,
  { reason }: ClearOptions,
  at: string,
): Promise<number> {
  let results = null as Voided | null
  const { seq, instances, database } = await withDatabase(context.config, async ({ pool, description }) => {
    results = await voidNamed(pool, selector)
    return { ...(await noteClear(pool, selector, reason)), database: description }
  }).catch((error: unknown) => {
    const done =
      results === null ? 'nothing was cleared' : `${voidedText(results)} deleted, nothing else was cleared`
    throw new Refused(`no service at ${at}, and the clear log cannot be written: ${reasonOf(error)}; ${done}`)
  })
  const where = { by: 'log', service: null, ...namesOf(selector) }
  const outcome = { ...where, ...analysesOf(results), seq, instances, pending: false, database }
  const deleted = results === null ? '' : `${voidedText(results)} deleted, and `
  context.output(
    outcome,
    `no service at ${at}; ${deleted}written to the clear log of ${database} as number ${seq}, ${confirmedText(instances)}`,
  )
  return EXIT.ok
}

function analysesOf(results: Voided | null): { analyses?: ReturnType<typeof voidedAnswer> } {
  return results === null ? {} : { analyses: voidedAnswer(results) }
}

/** @throws NobodyThere; Refused with the service's reason. */
async function send(
  { address }: CommandContext,
  selector: Selector,
  { dryRun, max, reason }: ClearOptions,
): Promise<Record<string, unknown>> {
  const query = new URLSearchParams({
    [selector.kind]: selector.selector,
    ...(dryRun === true ? { dry_run: 'true' } : {}),
    ...(max === undefined ? {} : { max: String(max) }),
    ...(reason === undefined ? {} : { reason }),
  })
  let answer: ServiceAnswer
  try {
    answer = await ask(address, `cache/clear?${query.toString()}`, { method: 'DELETE' })
  } catch (error) {
    if (error instanceof NobodyThere) throw error
    throw new Refused(`the service at ${addressText(address)} did not clear: ${reasonOf(error)}`, {
      cause: error,
    })
  }
  const { status, body } = answer
  if (status < 300 && body?.['success'] === true) return body
  throw new Refused(`the service at ${addressText(address)} ${refusalText(answer)}`)
}

/** Asks whoever sits at the terminal. @throws CommandError where everything is to be cleared and nobody can be asked. */
async function isMeant(context: CommandContext, selector: Selector): Promise<boolean> {
  const isEverything = selector.kind === 'pattern' && /^\*+$/.test(selector.selector)
  if (!isTerminal()) {
    if (isEverything)
      throw new CommandError('this clears everything, and there is no terminal to ask at: say --yes', {
        exitCode: EXIT.usage,
      })
    return true
  }
  const preview = await send(context, selector, { dryRun: true }).catch((error: unknown) => {
    if (error instanceof NobodyThere) return null
    throw error
  })
  const what = isEverything ? 'EVERYTHING' : `the ${selector.kind} ${selector.selector}`
  const amount = preview === null ? nowhereText(selector) : amountText(preview)
  return await isAgreed(`Clear ${what}? (${amount})`)
}

function nowhereText(selector: Selector): string {
  const results = resultsNamedBy(selector) === null ? '' : 'PostgreSQL, where results of analyses go, and '
  return `no service answers, so ${results}the clear log`
}

function amountText({ count, complete, sample, analyses }: Record<string, unknown>): string {
  const keys = Array.isArray(sample) ? sample.slice(0, 3).map(String) : []
  const number = `${complete === true ? '' : 'at least '}${String(count)} ${count === 1 ? 'key' : 'keys'}`
  const listed = keys.length === 0 ? '' : `: ${keys.join(', ')}${Number(count) > keys.length ? ', …' : ''}`
  return `${number}${listed}${resultsText(analyses)}`
}

/** What was paid for and goes as well, as the service says it. */
function resultsText(analyses: unknown): string {
  if (typeof analyses !== 'object' || analyses === null) return ''
  const { count, cost } = analyses as ReturnType<typeof voidedAnswer>
  const price = cost.map(({ amount, currency }) => `${amount} ${currency}`).join(' and ')
  return `; ${count} kept results of analyses${price === '' ? '' : ` that cost ${price}`}`
}

function serviceText(answer: Record<string, unknown>): string {
  const { message, instances, sample, pending, seq } = answer
  const lines = [typeof message === 'string' ? message : 'cleared']
  if (Array.isArray(sample)) lines.push(...sample.map((key) => `  ${String(key)}`))
  const { confirmed, expired } = (instances ?? {}) as { confirmed?: number; expired?: string[] }
  if (pending !== true && typeof confirmed === 'number')
    lines.push(
      `number ${String(seq)} in the clear log; ${confirmedText({ confirmed, expired: expired ?? [] })}`,
    )
  return lines.join('\n')
}

function namesOf({ kind, selector }: Selector): Record<string, string> {
  return { [kind]: selector }
}
