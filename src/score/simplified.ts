// The simplified score of the newest session: the plain mean of volume, sentiment and performance that existing clients show.
import { roundScore, WINDOWS } from './method.ts'
import { trailingRanks } from './rank.ts'
import { at, mapTrailing, mean } from './windows.ts'

/** Sessions of the share of rising closes. */
const PERFORMANCE_SESSIONS = 5
const NEUTRAL = 50

/** How many sessions, counted back from the newest, the simplified score reads; older ones change nothing. */
export const SIMPLIFIED_SESSIONS = WINDOWS.rank + WINDOWS.volume - 1

export interface SimplifiedInput {
  /** Closes and volumes of the same sessions, ascending; at least `SIMPLIFIED_SESSIONS` of them. */
  close: Float64Array
  volume: Float64Array
  /** The media_sentiment component of the newest session. */
  mediaSentiment: number | null
}

/** All from 0 to 100, with two decimals. */
export interface SimplifiedScore {
  /** V: percentile rank of the 20-session mean volume among its last 252 values. */
  volume: number
  /** S: the media_sentiment component, 50 when there is none. */
  sentiment: number
  /** P: share of the last 5 sessions that closed higher than the one before. */
  performance: number
  /** V + S + P. */
  sum: number
  score: number
}

/**
 * `(V + S + P) / 3` for the newest session; null while the history is shorter than `SIMPLIFIED_SESSIONS`. It is made of the rounded
 * parts, because clients are shown the calculation with its numbers and it has to come out.
 *
 * @throws RangeError when the arrays differ in length.
 */
export function simplifiedScore({ close, volume, mediaSentiment }: SimplifiedInput): SimplifiedScore | null {
  if (close.length !== volume.length) throw new RangeError('closes and volumes are not of the same sessions')
  const means = mapTrailing(volume.subarray(-SIMPLIFIED_SESSIONS), WINDOWS.volume, mean)
  const rank = trailingRanks(means, WINDOWS.rank).at(-1) ?? null
  if (rank === null) return null
  const closes = close.subarray(-PERFORMANCE_SESSIONS - 1)
  const rising = closes.subarray(1).filter((value, step) => value > at(closes, step)).length
  const parts = {
    volume: roundScore(rank),
    sentiment: roundScore(mediaSentiment ?? NEUTRAL),
    performance: roundScore((rising / PERFORMANCE_SESSIONS) * 100),
  }
  const sum = parts.volume + parts.sentiment + parts.performance
  return { ...parts, sum: roundScore(sum), score: roundScore(sum / 3) }
}
