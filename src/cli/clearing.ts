// A clear without a service: written to the log that all instances read.
import { confirmation, type Confirmation, type Selector } from '../cache/index.ts'
import { resultsNamedBy } from '../analyses/voided.ts'
import { voidResults, type Voided } from '../db/analysis-results.ts'
import type { Database } from '../db/client.ts'
import { postgresClearLog } from '../db/clear-log.ts'
import { SYSTEM_TIME } from '../time/time.ts'

/** A clear that was written to the log without an instance of our own. */
export interface NotedClear {
  seq: number
  instances: Confirmation
}

/** Deletes the results of analyses that a clear names, before it is noted: who reads after it finds none. null where it names none. */
export async function voidNamed(pool: Database['pool'], selector: Selector): Promise<Voided | null> {
  const named = resultsNamedBy(selector)
  return named === null ? null : await voidResults(pool, named)
}

const ACTOR = 'command line'

/** Writes a clear to the log, and waits as a service does: until each instance has applied it or may answer nothing from its cache. */
export async function noteClear(
  pool: Database['pool'],
  selector: Selector,
  reason: string | undefined,
): Promise<NotedClear> {
  const log = postgresClearLog(pool)
  // A process that has just started has no connection yet, and making one is not what the log's limits are for.
  await pool`select`
  const began = performance.now()
  // Nothing here is judged by the log, so none of what it lists is wanted.
  const appended = await log.append({ ...selector, soft: false, actor: ACTOR, reason }, 0, 0)
  const appendedAt = SYSTEM_TIME.clock()
  const instances = await confirmation(log, appended, { self: null, appendedAt, time: SYSTEM_TIME })
  const { seq, epoch } = appended
  const outcome = { tookMs: performance.now() - began, deleted: null, instances }
  await log.complete(seq, epoch, outcome).catch(() => undefined)
  return { seq, instances }
}
