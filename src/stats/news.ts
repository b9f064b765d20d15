// What PostgreSQL says of the fleet; and whether it says anything, for those who look at the figures of an instance that nobody asks anything else.
import type { Cache } from '../cache/index.ts'
import { within, type Time } from '../time/time.ts'
import type { Ledger } from './ledger.ts'

/** PostgreSQL answers by then, or there is doubt about it. */
const PATIENCE_MS = 50

/** Reads the fleet's figures unless that was done so lately. Where that fails or takes long, the lease finds out whether PostgreSQL is away. */
export async function refreshFleet(
  { cache, ledger, time }: { cache: Cache; ledger: Ledger; time: Time },
  ageMs: number,
): Promise<void> {
  const answers = await within(time, PATIENCE_MS, ledger.fleet.refresh(ageMs))
  if (answers !== true || cache.lease.state === 'lost') await cache.reachesLog()
}
