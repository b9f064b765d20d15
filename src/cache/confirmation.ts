// Waits until a clear holds on every instance: each has acknowledged it, or its lease is over.
import type { Appended, ClearLog, Confirmation, Member } from './clear-log.ts'
import { LEASE_MS } from './lease.ts'
import { LATE, pause, within, type Time } from '../time/time.ts'

/** Clocks of two machines do not run equally fast. */
const WAIT_MS = LEASE_MS * 1.02
const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 50

type Self = Pick<Member, 'id' | 'name'>

const nameOf = ({ name }: Self): string => name

/**
 * Resolves once no instance answers from before the clear any more. When the log goes away meanwhile it is enough to wait: an instance that renews
 * reads the clear, and one that does not has no lease by then.
 *
 * @param appendedAt by `time.clock`, after the log had answered.
 * @param self this instance, which has applied the clear itself; null for a command, which is none.
 */
export async function confirmation(
  log: ClearLog,
  { epoch, seq, members, listIsWhole }: Pick<Appended, 'epoch' | 'seq' | 'members' | 'listIsWhole'>,
  { self, appendedAt, time }: { self: Self | null; appendedAt: number; time: Time },
): Promise<Confirmation> {
  const deadline = appendedAt + WAIT_MS
  const others = members.filter((member) => member.id !== self?.id)
  let waiting = others
  let pauseMs = FIRST_PAUSE_MS
  const left = (): number => Math.max(0, deadline - time.clock())
  while (waiting.length > 0 && left() > 0) {
    await pause(time, Math.min(pauseMs, left()))
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    // All of them where the log does not answer in time, or is another since: who is not on its list may have a lease all the same.
    const ids = await within(time, left(), log.unacknowledged(seq, epoch)).catch(() => LATE)
    if (typeof ids === 'object') waiting = waiting.filter((member) => ids.includes(member.id))
  }
  // Again, as a timer may fire a fraction of a millisecond early.
  while (!listIsWhole && left() > 0) await pause(time, left())
  if (waiting.length > 0) void log.expire(waiting, epoch).catch(() => undefined)
  const confirmed = others.filter((member) => !waiting.includes(member))
  return {
    confirmed: [...(self === null ? [] : [self]), ...confirmed].map(nameOf),
    expired: waiting.map(nameOf),
  }
}
