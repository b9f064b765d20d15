// What the cache spared: loads, their time and their cost.
import { quantile, summed, type Counters } from '../cache/index.ts'
import { round2 } from '../http/schemas.ts'
import type { StatsAnswer } from './schema.ts'

/**
 * By category, as a hit spares a load of its own kind, and at the median of those that brought an answer: what took long or failed while PostgreSQL was
 * slow or away is not what a hit spares.
 */
export function savingsOf(
  counters: Pick<Counters, 'byCategory'>,
  loadCost: number | null,
): StatsAnswer['cache']['savings'] {
  let avoided = 0
  let ms = 0
  for (const [, counted] of counters.byCategory()) {
    const { hits, misses, loads } = summed(counted)
    const spared = Math.max(0, hits + misses - loads)
    avoided += spared
    ms += spared * (quantile(counted.answeredTimes, 0.5) ?? 0)
  }
  return {
    loads_avoided: avoided,
    seconds: round2(ms / 1000),
    cost: loadCost === null ? null : round2(avoided * loadCost),
  }
}
