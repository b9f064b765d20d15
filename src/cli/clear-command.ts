// `clear`: asks first where somebody can be asked, then has the service clear, or writes the clear to the log where none runs.
import { createInterface } from 'node:readline/promises'
import type { Selector } from '../cache/index.ts'
import { reasonOf } from '../loading/transaction.ts'
import { noteClear } from './clearing.ts'
import type { CommandContext } from './context.ts'
import { withDatabase } from './database.ts'
import { CommandError, EXIT } from './exits.ts'
import { addressText, ask, NobodyThere, refusalText, Refused, type ServiceAnswer } from './service.ts'
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
    if (isDryRun || options.max !== undefined)
      throw new CommandError(
        `no service at ${at}, and only a service can count what it would clear; nothing was cleared`,
      )
    return await clearByLog(context, selector, options, at)
  }
}

async function clearByLog(
  context: CommandContext,
  selector: Selector,
  { reason }: ClearOptions,
  at: string,
): Promise<number> {
  const { seq, instances, database } = await withDatabase(context.config, async ({ pool, description }) => ({
    ...(await noteClear(pool, selector, reason)),
    database: description,
  })).catch((error: unknown) => {
    throw new Refused(
      `no service at ${at}, and the clear log cannot be written: ${reasonOf(error)}; nothing was cleared`,
    )
  })
  const outcome = { by: 'log', service: null, ...namesOf(selector), seq, instances, pending: false, database }
  context.output(
    outcome,
    `no service at ${at}; written to the clear log of ${database} as number ${seq}, ${confirmedText(instances)}`,
  )
  return EXIT.ok
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
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
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
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const what = isEverything ? 'EVERYTHING' : `the ${selector.kind} ${selector.selector}`
  const amount = preview === null ? 'no service answers, so the clear log' : amountText(preview)
  const answer = await terminal.question(`Clear ${what}? (${amount}) [y/N] `).finally(() => terminal.close())
  return /^y(es)?$/i.test(answer.trim())
}

function amountText({ count, complete, sample }: Record<string, unknown>): string {
  const keys = Array.isArray(sample) ? sample.slice(0, 3).map(String) : []
  const number = `${complete === true ? '' : 'at least '}${String(count)} ${count === 1 ? 'key' : 'keys'}`
  return keys.length === 0
    ? number
    : `${number}: ${keys.join(', ')}${Number(count) > keys.length ? ', …' : ''}`
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
