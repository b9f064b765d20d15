// `stats` and `inspect`: what the running service says of its cache.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, EXIT } from './exits.ts'
import type { CommandContext } from './context.ts'
import { addressText, read } from './service.ts'
import { shown } from './show.ts'

/** The cursor home, and what is below it gone. */
const REDRAW = '\u001b[H\u001b[J'

/** @param everySeconds again and again until interrupted; null for once. */
export async function runStats(context: CommandContext, everySeconds: number | null): Promise<number> {
  if (everySeconds === null) {
    const answer = await read(context.address, 'cache/stats')
    context.output(answer, statsText(context, answer))
    return EXIT.ok
  }
  const interruption = new AbortController()
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  void interrupted.then(() => interruption.abort())
  while (!interruption.signal.aborted) {
    // A service that is started anew is worth waiting for; a key that is wrong is not, but the message says so each time.
    const answer = await read(context.address, 'cache/stats').catch((error: unknown) => {
      if (error instanceof CommandError) return { success: false, message: error.message }
      throw error
    })
    const home = process.stdout.isTTY && !context.json ? REDRAW : ''
    context.output(answer, `${home}${statsText(context, answer)}`)
    await sleep(everySeconds * 1000, undefined, { signal: interruption.signal }).catch(() => undefined)
  }
  return EXIT.ok
}

export async function runInspect(context: CommandContext, key: string): Promise<number> {
  const answer = await read(context.address, `cache/entries?key=${encodeURIComponent(key)}`)
  context.output(answer, shown(answer))
  return EXIT.ok
}

function statsText({ address }: CommandContext, { cache, message }: Record<string, unknown>): string {
  const state = typeof cache === 'object' && cache !== null ? `\n${shown(cache)}` : ''
  return `${addressText(address)}: ${String(message)}${state}`
}
