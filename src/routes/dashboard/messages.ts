// What the page gets, as server-sent events: `history` once, then a `sample` every so often. The page is checked against these types.
import type { HotKey } from '../../cache/index.ts'
import type { StatsAnswer } from '../../stats/schema.ts'
import type { Clear } from '../cache/clears-schema.ts'

/** One moment on the charts. Rates are those of the last 10 s, quantiles those of the last minute; null is not known, or of nothing. */
export interface Point {
  /** Milliseconds since the Unix epoch. */
  at: number
  /** Answers of data routes a second. */
  requests: number | null
  fleetRequests: number | null
  /** In per cent of look-ups. */
  hitRate: number | null
  fleetHitRate: number | null
  loadMsP50: number | null
  loadMsP99: number | null
  redisMsP50: number | null
  redisMsP99: number | null
  memoryBytes: number
  redisBytes: number | null
  isRedisAway: boolean
  isLeaseLost: boolean
}

/** One that clears wait for. */
export interface Instance {
  /** Host and process. */
  name: string
  /** Counts renewals of its lease: one that grows is of an instance that is asked something. */
  beat: number
  /** Clears, data that changed included, that it has still to apply. */
  behind: number
}

/** From PostgreSQL; as old as `readAt` says where that does not answer. */
export interface Lists {
  readAt: number
  instances: Instance[]
  /** The newest that people asked for. */
  clears: Clear[]
}

export interface Sample {
  point: Point
  stats: StatsAnswer['cache']
  /** Of the event loop, in per cent of the time since the last sample. */
  busy: number
  lists: Lists | null
  /** The hottest first. */
  hottest: Pick<HotKey, 'key' | 'perMinute'>[]
}

export interface History {
  everyMs: number
  /** Oldest first: what was sampled while anybody watched. */
  points: Point[]
}
