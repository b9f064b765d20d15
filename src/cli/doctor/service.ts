// The running service: whether it answers, and whether it takes the key.
import { reasonOf } from '../../loading/transaction.ts'
import { addressText, ask, NobodyThere, type ServiceAddress } from '../service.ts'
import { note, ok, problem, warning, type Finding } from './finding.ts'

const CHECK = 'service'
const LIMIT_MS = 5000

export async function serviceFindings(address: ServiceAddress): Promise<Finding[]> {
  const at = addressText(address) ?? 'a fixed port'
  try {
    const { status } = await ask(address, 'readyz', { limitMs: LIMIT_MS })
    if (status !== 200)
      return [
        warning(
          CHECK,
          `at ${at}: /readyz answered ${status}`,
          'it is starting, stopping or overloaded, or another program listens there',
        ),
      ]
    return [ok(CHECK, `ready at ${at}`), await keyFinding(address)]
  } catch (error) {
    return error instanceof NobodyThere
      ? [note(CHECK, `none at ${at}`, 'start it with `barometer serve`, or name another with --service')]
      : [
          problem(
            CHECK,
            `at ${at}: ${reasonOf(error)}`,
            'it hangs, or something on the way does: look at its log',
          ),
        ]
  }
}

async function keyFinding(address: ServiceAddress): Promise<Finding> {
  const check = 'service access'
  const { status } = await ask(address, 'cache/stats', { limitMs: LIMIT_MS })
  if (status === 200) return ok(check, 'it shows its state to this command')
  return warning(
    check,
    `it answered ${status} to the question for its state`,
    address.apiKey === undefined
      ? 'put a key with the scope stats into BAROMETER_API_KEY'
      : 'BAROMETER_API_KEY is not known there, or lacks the scope stats',
  )
}
