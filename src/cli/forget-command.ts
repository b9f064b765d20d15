// `forget`: asks first where somebody can be asked, then has the service delete all that was analysed about a person.
import type { CommandContext } from './context.ts'
import { CommandError, EXIT } from './exits.ts'
import { addressText, order } from './service.ts'
import { isAgreed, isTerminal } from './terminal.ts'
import { confirmedText } from './texts.ts'

interface Receipt {
  seq: number | null
  instances: { confirmed: number; expired: string[] }
  pending: boolean
}

/** Returns the exit code. @throws CommandError where the person is not forgotten. */
export async function runForget(
  context: CommandContext,
  subject: string | undefined,
  { yes = false }: { yes?: boolean },
): Promise<number> {
  if (subject === undefined)
    throw new CommandError('name the subject, or set BAROMETER_SUBJECT', { exitCode: EXIT.usage })
  const question = `Delete all that was analysed about ${JSON.stringify(subject)}? It cannot be undone.`
  if (!yes && isTerminal() && !(await isAgreed(question))) {
    console.error('nothing was deleted')
    return EXIT.failed
  }
  const path = `api/v1/subjects/${encodeURIComponent(subject)}`
  const { body } = await order(context.address, path, { method: 'DELETE' }, EXIT.notCleared)
  const service = addressText(context.address)
  context.output({ service, ...body }, `${service}: ${receiptText(body)}`)
  return EXIT.ok
}

function receiptText({ subject_hash: hash, deleted, receipt }: Record<string, unknown>): string {
  const { seq, instances, pending } = receipt as Receipt
  const count = `${String(deleted)} ${deleted === 1 ? 'result' : 'results'} deleted`
  const reach = pending
    ? 'on this instance; the others follow as soon as the clear log answers'
    : `number ${String(seq)} in the clear log; ${confirmedText(instances)}`
  return `forgotten, ${count}\n${reach}\nthe log knows the person as ${String(hash)} alone`
}
