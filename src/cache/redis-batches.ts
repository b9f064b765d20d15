// Batches of keys: found by SCAN, and unlinked.
import type { Cluster, Redis } from 'ioredis'

/** Whether an answer to SCAN is one: what a broken connection brings may be anything that the protocol has. */
export function isBatch(answer: unknown): answer is [string, string[]] {
  return Array.isArray(answer) && typeof answer[0] === 'string' && Array.isArray(answer[1])
}

/** In a Cluster, one UNLINK may only name keys of one slot; a pipeline of single ones is still one round trip. */
export async function unlinkEach(node: Redis | Cluster, keys: string[]): Promise<number> {
  const pipeline = node.pipeline()
  for (const key of keys) pipeline.unlink(key)
  let removed = 0
  for (const [error, count] of (await pipeline.exec()) ?? []) {
    if (error !== null) throw error
    removed += Number(count)
  }
  return removed
}
