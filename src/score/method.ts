// The score's method as data: weights, windows, definitions and label bands. The engine and the methodology route read the same lines.

/** Of the method described here. Any change that can change a number makes a new version, and every stored snapshot is computed anew. */
export const METHOD_VERSION = 1

/** Lengths in sessions, except where the name says days. */
export const WINDOWS = {
  /** Existing values in which each percentile rank is taken. */
  rank: 252,
  /** Sessions over which highest high and lowest low are taken. */
  extremes: 252,
  average: 125,
  volume: 20,
  returns: 20,
  sentimentDays: 7,
} as const

export const SESSIONS_PER_YEAR = 252
export const MINIMUM_ARTICLES = 3
export const MINIMUM_COVERAGE_PERCENT = 50

export type ComponentName =
  'momentum' | 'price_strength' | 'volume' | 'volatility' | 'equity_vs_bonds' | 'media_sentiment'

export interface ComponentDefinition {
  name: ComponentName
  /** Whole per cents: sums of these are exact, and 104 sessions of the sample lie exactly on the coverage limit. */
  weightPercent: number
  /** The same weight as a fraction of 1. */
  weight: number
  definition: string
}

function component(name: ComponentName, weightPercent: number, definition: string): ComponentDefinition {
  return { name, weightPercent, weight: weightPercent / 100, definition }
}

const { rank, extremes, average, volume, returns, sentimentDays } = WINDOWS

/** The six components in the order in which they are published; the weights add up to 100 %. */
export const COMPONENTS: readonly ComponentDefinition[] = [
  component(
    'momentum',
    20,
    `Percentile rank, among its last ${rank} values, of the close over its ${average}-session average, minus 1`,
  ),
  component(
    'price_strength',
    15,
    `Position of the close between the lowest low (0) and the highest high (100) of ${extremes} sessions`,
  ),
  component(
    'volume',
    15,
    `Percentile rank, among its last ${rank} values, of the share of the last ${volume} sessions' volume traded on sessions that closed higher than the one before`,
  ),
  component(
    'volatility',
    20,
    `100 minus the percentile rank, among its last ${rank} values, of the annualised sample standard deviation of the last ${returns} log returns`,
  ),
  component(
    'equity_vs_bonds',
    15,
    `Percentile rank, among its last ${rank} values, of the ${returns}-session log return of the index minus that of the bond instrument, over the dates both have`,
  ),
  component(
    'media_sentiment',
    15,
    `Mean sentiment of the scored articles of the ${sentimentDays} days up to the end of the session's day (UTC), moved from [-1, 1] to [0, 100]; needs ${MINIMUM_ARTICLES} articles`,
  ),
]

export type ScoreLabel = 'extreme_fear' | 'fear' | 'neutral' | 'greed' | 'extreme_greed'

export interface LabelBand {
  name: ScoreLabel
  /** Lowest score of the band, inclusive. */
  from: number
  /** Highest score of the band, inclusive: scores have two decimals, so nothing lies between two bands. */
  to: number
}

export const LABEL_BANDS: readonly [LabelBand, ...LabelBand[]] = [
  { name: 'extreme_fear', from: 0, to: 24.99 },
  { name: 'fear', from: 25, to: 44.99 },
  { name: 'neutral', from: 45, to: 55 },
  { name: 'greed', from: 55.01, to: 75 },
  { name: 'extreme_greed', from: 75.01, to: 100 },
]

/** Scores and components are published with two decimals; arithmetic before that is on unrounded numbers. */
export function roundScore(value: number): number {
  return Math.round(value * 100) / 100
}

/** The label of a score on the scale of 0 to 100, by what a client sees of it: the score rounded to two decimals. */
export function labelOf(score: number): ScoreLabel {
  const shown = roundScore(score)
  return (LABEL_BANDS.findLast((band) => shown >= band.from) ?? LABEL_BANDS[0]).name
}
