// What a clear would delete, counted by the matcher of the sweep and within bounds, for whoever wants to know before.
import type { Selector } from './clear-log.ts'
import type { MemoryTier } from './memory.ts'
import type { RemoteTier } from './remote.ts'
import { compileSelector } from './selector.ts'
import type { Time } from '../time/time.ts'

/** Distinct keys are told apart by keeping them: some 30 MB of this many. */
export const MOST_COUNTED = 250_000
/** Of a Redis full of other applications' keys, which are looked at as well. */
const LIMIT_MS = 5000
const SAMPLE_SIZE = 20

export interface Counted {
  /** Distinct keys, in Redis and in this memory. */
  count: number
  /** Some of them, in the order of the alphabet. */
  sample: string[]
  /** False where there may be more: Redis was away, there are too many, or looking for them took too long. By tag, nobody looks in Redis. */
  complete: boolean
}

interface CountingParts {
  memory: MemoryTier
  redis: RemoteTier | null
  time: Time
  mostCounted?: number
}

/** @throws RangeError for a pattern that cannot be matched. */
export async function countSelected(
  { kind, selector }: Selector,
  { memory, redis, time, mostCounted = MOST_COUNTED }: CountingParts,
): Promise<Counted> {
  const deadline = time.clock() + LIMIT_MS
  const keys = await memory.find(compileSelector({ kind, selector }))
  const mayGoOn = (): boolean => keys.size <= mostCounted && time.clock() < deadline
  const add = (found: string[]): boolean => {
    for (const key of found) keys.add(key)
    return mayGoOn()
  }
  const complete = redis === null || (kind !== 'tag' && (await redis.find({ kind, selector }, add)))
  return { count: keys.size, sample: [...keys].slice(0, SAMPLE_SIZE).sort(), complete }
}
