// The score of every session of a history, from its bars, the bonds' closes and the press of each day.
import {
  equityVsBonds,
  mediaSentiment,
  momentum,
  priceStrength,
  volatility,
  volume,
  type CloseSeries,
  type DailySentiment,
} from './components.ts'
import {
  COMPONENTS,
  labelOf,
  MINIMUM_COVERAGE_PERCENT,
  roundScore,
  type ComponentName,
  type ScoreLabel,
} from './method.ts'
import type { Series } from './windows.ts'

/** Daily bars of one index, all arrays of one length, ascending by date. */
export interface BarSeries extends CloseSeries {
  high: Float64Array
  low: Float64Array
  volume: Float64Array
}

export interface ScoreInput {
  bars: BarSeries
  /** The bond instrument's closes, ascending by date; without them the component is null throughout. */
  bonds?: CloseSeries | null
  /** Scored articles by UTC day (`YYYY-MM-DD`), weekends included; days without any may be absent. */
  sentiment?: ReadonlyMap<string, DailySentiment>
}

export interface ScoreSnapshot {
  /** The session's date, `YYYY-MM-DD`. */
  asOf: string
  /** 0 (fear) to 100 (greed), two decimals. */
  score: number
  label: ScoreLabel
  /** Sum of the weights of the components that exist, 0.5 to 1. */
  coverage: number
  /** 0 to 100, two decimals; null where a component does not exist. */
  components: Record<ComponentName, number | null>
}

/**
 * The snapshots of a history, ascending: one for each session whose components weigh at least half. A snapshot depends on data up to
 * its own session only, and a history that grows keeps the snapshots it had.
 *
 * The score is the mean of the components that exist, weighted as in `COMPONENTS`, from unrounded values.
 *
 * @throws RangeError when arrays differ in length or dates do not ascend.
 */
export function scoreHistory({ bars, bonds, sentiment }: ScoreInput): ScoreSnapshot[] {
  assertAligned('bars', bars.dates, [bars.high, bars.low, bars.close, bars.volume])
  if (bonds) assertAligned('bonds', bonds.dates, [bonds.close])
  const absent: Series = bars.dates.map(() => null)
  const series: Record<ComponentName, Series> = {
    momentum: momentum(bars.close),
    price_strength: priceStrength(bars.high, bars.low, bars.close),
    volume: volume(bars.close, bars.volume),
    volatility: volatility(bars.close),
    equity_vs_bonds: bonds ? equityVsBonds(bars, bonds) : absent,
    media_sentiment: sentiment ? mediaSentiment(bars.dates, sentiment) : absent,
  }
  return bars.dates.flatMap((asOf, session) => snapshot(asOf, (name) => series[name][session] ?? null) ?? [])
}

function snapshot(asOf: string, valueOf: (name: ComponentName) => number | null): ScoreSnapshot | null {
  let coveragePercent = 0
  let weighted = 0
  for (const { name, weightPercent } of COMPONENTS) {
    const value = valueOf(name)
    if (value === null) continue
    coveragePercent += weightPercent
    weighted += weightPercent * value
  }
  if (coveragePercent < MINIMUM_COVERAGE_PERCENT) return null
  const score = roundScore(weighted / coveragePercent)
  const shown = (name: ComponentName) => {
    const value = valueOf(name)
    return value === null ? null : roundScore(value)
  }
  return {
    asOf,
    score,
    label: labelOf(score),
    coverage: coveragePercent / 100,
    components: {
      momentum: shown('momentum'),
      price_strength: shown('price_strength'),
      volume: shown('volume'),
      volatility: shown('volatility'),
      equity_vs_bonds: shown('equity_vs_bonds'),
      media_sentiment: shown('media_sentiment'),
    },
  }
}

/** Windows count positions: a hole or a repeated date would shift them silently. */
function assertAligned(name: string, dates: readonly string[], columns: Float64Array[]): void {
  if (columns.some((column) => column.length !== dates.length)) {
    throw new RangeError(`${name}: every column needs one value for each of ${dates.length} dates`)
  }
  // Of one format, so text order is date order.
  const repeated = dates.find((date, session) => session > 0 && date <= (dates[session - 1] ?? ''))
  if (repeated !== undefined) throw new RangeError(`${name}: ${repeated} is not after the date before it`)
}
