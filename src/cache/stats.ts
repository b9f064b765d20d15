// The cache's state as a snapshot. Redis is asked only when somebody asks here, and no more often than they say.
import type { Time } from '../time/time.ts'
import { hitRate, type Counters } from './counters.ts'
import type { MemoryTier } from './memory.ts'
import type { RedisInfo, RemoteTier } from './remote.ts'

export interface CacheStats {
  enabled: boolean
  /** connected: Redis answers. degraded: it is configured and away. disabled: none is configured. */
  status: 'connected' | 'degraded' | 'disabled'
  backend: 'redis' | 'memory'
  redis_connected: boolean
  redis_used_memory: string | null
  redis_used_memory_bytes: number | null
  redis_keys: number | null
  redis_own_keys: number | null
  memory_cache_size: number
  memory_cache_bytes: number
  hits: number
  misses: number
  hit_rate: number | null
  memory_hits: number
  redis_hits: number
  stale: number
  loads: number
  load_failures: number
}

/** Polls are answered from one INFO a second, however many pollers there are. */
const REDIS_INFO_AGE_MS = 1000

export class StatsReader {
  readonly #counters: Counters
  readonly #memory: MemoryTier
  readonly #redis: RemoteTier | null
  readonly #time: Time
  #info: RedisInfo | null = null
  #asking: Promise<void> | null = null
  #askedAt = -Infinity

  constructor(counters: Counters, memory: MemoryTier, redis: RemoteTier | null, time: Time) {
    this.#counters = counters
    this.#memory = memory
    this.#redis = redis
    this.#time = time
  }

  /** What Redis said last; null while it is away: of one that went away since, it is true no more. */
  get redisInfo(): RedisInfo | null {
    return this.#redis?.available === true ? this.#info : null
  }

  /** Asks Redis unless that was done so lately; one at a time. Resolves when the answer is there, or is known not to come. */
  refresh(ageMs = REDIS_INFO_AGE_MS, countsOwnKeys = true): Promise<void> {
    const redis = this.#redis
    if (redis === null) return Promise.resolve()
    const now = this.#time.clock()
    if (this.#asking === null && now - this.#askedAt >= ageMs) {
      this.#askedAt = now
      this.#asking = redis
        .info(countsOwnKeys)
        .then((info) => void (this.#info = info))
        .finally(() => (this.#asking = null))
    }
    return this.#asking ?? Promise.resolve()
  }

  /** The state now, as far as it is known; what is not is null. */
  now(): CacheStats {
    const connected = this.#redis?.available ?? false
    const info = this.redisInfo
    const counted = this.#counters.total()
    return {
      enabled: this.#memory.enabled || this.#redis !== null,
      status: this.#redis === null ? 'disabled' : connected ? 'connected' : 'degraded',
      backend: connected ? 'redis' : 'memory',
      redis_connected: connected,
      redis_used_memory: info?.usedMemory ?? null,
      redis_used_memory_bytes: info?.usedMemoryBytes ?? null,
      redis_keys: info?.keys ?? null,
      redis_own_keys: info?.ownKeys ?? null,
      memory_cache_size: this.#memory.size,
      memory_cache_bytes: this.#memory.bytes,
      hits: counted.hits,
      misses: counted.misses,
      hit_rate: hitRate(counted),
      memory_hits: counted.memoryHits,
      redis_hits: counted.redisHits,
      stale: counted.stale,
      loads: counted.loads,
      load_failures: counted.loadFailures,
    }
  }
}
