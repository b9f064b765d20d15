// What INFO says of a Redis, in one command: of a Cluster, what its masters say together.
import type { RedisInfo } from './remote.ts'

/**
 * @param answers of INFO, one a node.
 * @param database whose keys are counted.
 */
export function readInfo(answers: string[], database: number): Omit<RedisInfo, 'ownKeys' | 'ownKeysAt'> {
  const sum = (pattern: RegExp): number =>
    answers.reduce((total, answer) => total + Number(pattern.exec(answer)?.[1] ?? 0), 0)
  const first = (pattern: RegExp): string | null => pattern.exec(answers[0] ?? '')?.[1] ?? null
  const bytes = sum(/^used_memory:(\d+)/m)
  const limit = sum(/^maxmemory:(\d+)/m)
  return {
    // Redis prints a figure per node; of several the sum is ours to print, in its style.
    usedMemory:
      answers.length === 1
        ? (first(/^used_memory_human:(\S+)/m) ?? '')
        : `${(bytes / 1024 / 1024).toFixed(2)}M`,
    usedMemoryBytes: bytes,
    memoryLimitBytes: limit === 0 ? null : limit,
    policy: first(/^maxmemory_policy:(\S+)/m),
    evictedKeys: sum(/^evicted_keys:(\d+)/m),
    clients: sum(/^connected_clients:(\d+)/m),
    keys: sum(new RegExp(`^db${database}:keys=(\\d+)`, 'm')),
  }
}
