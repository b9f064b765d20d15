// What the rest of the service may use of the cache engine.
export { Cache, type CacheOptions } from './cache.ts'
export type {
  Appended,
  Clear,
  ClearLog,
  ClearOutcome,
  ClearRequest,
  Confirmation,
  LogReading,
  Member,
  Reader,
  Selector,
} from './clear-log.ts'
export { COUNTER_NAMES, hitRate, noCounts, summed, type Counters, type Counts } from './counters.ts'
export { durationsSince, NO_DURATIONS, quantile, type Durations, type Spread } from './durations.ts'
export { LEASE_MS } from './lease.ts'
export type { ClearResult, OwedClear } from './clearing.ts'
export { confirmation } from './confirmation.ts'
export type { Counted } from './counting.ts'
export { bodyOf, etagOf, type Coding, type Entry } from './entry.ts'
export type { Answer, Outcome, Tier } from './flights.ts'
export { checkPattern } from './glob.ts'
export { Guard } from './guard.ts'
export type { HotKey } from './hot-keys.ts'
export type { Inspection } from './inspection.ts'
export { cacheKey, type KeyParameters } from './key.ts'
export type { LeaseState } from './lease.ts'
export type { Loaded, Policy } from './loaded.ts'
export type { RedisInfo } from './remote.ts'
export { RedisTier } from './redis.ts'
export { checkReason, checkTag, compileSelector } from './selector.ts'
export type { CacheStats } from './stats.ts'
