// One key under the glass: what each tier has of it, and what that is worth now.
import type { ClearHistory, Verdict } from './clear-history.ts'
import { decodeEntry, type Coding, type Entry } from './entry.ts'
import { UNAVAILABLE } from './guard.ts'
import type { Lease } from './lease.ts'
import { MOST_AHEAD_MS } from './loading.ts'
import type { MemoryTier } from './memory.ts'
import type { RemoteTier } from './remote.ts'
import type { Time } from '../time/time.ts'

export interface Inspected {
  tier: 'memory' | 'redis'
  /** valid: answered as it is. expired: stands in for a load that fails. dead: never answered again. */
  verdict: Verdict
  /** Milliseconds: since the load, left of the lifetime, and left of what comes after it; never below 0. */
  ageMs: number
  ttlMs: number
  staleMs: number
  tags: readonly string[]
  /** Bytes of the answer, and of what is kept of it in all codings. */
  length: number
  storedBytes: number
  codings: Coding[]
  etag: string
  /** "There is no such thing". */
  absent: boolean
  epoch: string
  position: number
}

export interface Inspection {
  /** Memory first. */
  tiers: Inspected[]
  /** False where Redis did not answer: it may have the key. */
  complete: boolean
  /** What it was judged by. */
  judgedBy: { epoch: string; position: number; hasLease: boolean }
}

interface InspectionParts {
  memory: MemoryTier
  redis: RemoteTier | null
  history: ClearHistory
  lease: Lease
  time: Time
}

export async function inspect(key: string, parts: InspectionParts): Promise<Inspection> {
  const { memory, redis, history, lease } = parts
  const envelope = redis === null ? null : await redis.get(key)
  // Bytes that are cut, damaged or not ours are a miss for whoever looks the key up, too.
  const stored = envelope instanceof Buffer ? decodeEntry(envelope) : null
  const held = memory.peek(key)
  const { epoch, position } = history.moment
  return {
    tiers: [
      ...(held === undefined ? [] : [described('memory', key, held, parts)]),
      ...(stored === null ? [] : [described('redis', key, stored, parts)]),
    ],
    complete: envelope !== UNAVAILABLE,
    judgedBy: { epoch, position, hasLease: lease.isValid },
  }
}

function described(
  tier: Inspected['tier'],
  key: string,
  entry: Entry,
  { history, lease, time }: InspectionParts,
): Inspected {
  const now = time.now()
  const { identity, gzip, length, tags, etag, absent, epoch, position } = entry
  const kept = { identity, gzip }
  return {
    tier,
    verdict: worthNow(history.judge(key, entry), entry, { now, hasLease: lease.isValid }),
    ageMs: Math.max(0, now - entry.storedAt),
    ttlMs: Math.max(0, entry.freshUntil - now),
    staleMs: Math.max(0, entry.staleUntil - Math.max(now, entry.freshUntil)),
    tags,
    length,
    storedBytes: (identity?.length ?? 0) + (gzip?.length ?? 0),
    codings: (['identity', 'gzip'] as const).filter((coding) => kept[coding] !== null),
    etag,
    absent,
    epoch,
    position,
  }
}

/** The judgement by clears, and by time: past its lifetime and what comes after it, an entry is as good as none. */
function worthNow(
  verdict: Verdict,
  { storedAt, freshUntil, staleUntil }: Entry,
  { now, hasLease }: { now: number; hasLease: boolean },
): Verdict {
  if (verdict === 'dead' || now >= staleUntil || storedAt > now + MOST_AHEAD_MS) return 'dead'
  return verdict === 'valid' && hasLease && now < freshUntil ? 'valid' : 'expired'
}
