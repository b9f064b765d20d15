// Ours beside its yardstick: interleaved pairs, so that what else the machine does hits both, and the median of their ratios.

/** What the server did for a figure. Requests a second compare servers only where these have no time left. */
export interface CpuUse {
  /** Of one core. */
  share: number
  /** CPU time of the server for one request. */
  microseconds: number
  /** Of the core that the load is made on. */
  loadShare: number
}

export interface Measured {
  value: number
  cpu?: CpuUse
}

/** More is allowed where it is no more than this many units. */
interface AtMost {
  atMost: number
  orMore?: number
}

export interface Comparison {
  name: string
  against: string | null
  unit: string
  ours: number
  /** null, like the ratio, where the figure is held against nothing but its bound. */
  yardstick: number | null
  /** Ours over the yardstick: the median of the pairs. */
  ratio: number | null
  /** What is asked for, of the ratio if there is one; null where the figure is only reported. */
  bound: { atLeast: number } | AtMost | null
  cpu?: { ours: CpuUse; yardstick: CpuUse }
  note?: string
}

export const PAIRS = 5
/** Of each side within a pair, about a second each. */
const TURNS = 4

type Side = 'ours' | 'yardstick'

/** @param turns that each has within a pair, by turns: a machine whose rate changes within seconds is fast for both then, or slow. */
export async function compare(
  pairs: number,
  measure: Record<Side, () => Promise<Measured>>,
  turns = 1,
): Promise<Pick<Comparison, 'ours' | 'yardstick' | 'ratio' | 'cpu'>> {
  const measured: Record<Side, Measured>[] = []
  for (let pair = 0; pair < pairs; pair += 1) {
    const taken: Record<Side, Measured[]> = { ours: [], yardstick: [] }
    for (let turn = 0; turn < turns; turn += 1) {
      // Whoever comes second finds a warmer machine.
      const order =
        (pair + turn) % 2 === 0 ? (['ours', 'yardstick'] as const) : (['yardstick', 'ours'] as const)
      for (const side of order) taken[side].push(await measure[side]())
    }
    const both = { ours: together(taken.ours), yardstick: together(taken.yardstick) }
    measured.push(both)
    console.error(`  ours ${shown(both.ours)}; yardstick ${shown(both.yardstick)}`)
  }
  const of = (side: Side): number => median(measured.map((pair) => pair[side].value))
  const [ours, yardstick] = [
    cpuOf(measured.map((pair) => pair.ours)),
    cpuOf(measured.map((pair) => pair.yardstick)),
  ]
  return {
    ours: of('ours'),
    yardstick: of('yardstick'),
    ratio: median(measured.map((pair) => pair.ours.value / pair.yardstick.value)),
    ...(ours === null || yardstick === null ? {} : { cpu: { ours, yardstick } }),
  }
}

/** Pairs by turns: for a server's rate, which a machine shared with others changes within seconds. */
export function compareByTurns(measure: Parameters<typeof compare>[1]): ReturnType<typeof compare> {
  return compare(PAIRS, measure, TURNS)
}

/** The mean of several turns, each as long as the others. */
function together(turns: Measured[]): Measured {
  const meanOf = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const value = meanOf(turns.map((turn) => turn.value))
  const uses = turns.flatMap(({ cpu }) => cpu ?? [])
  if (uses.length === 0) return { value }
  const of = (name: keyof CpuUse): number => meanOf(uses.map((use) => use[name]))
  return { value, cpu: { share: of('share'), microseconds: of('microseconds'), loadShare: of('loadShare') } }
}

export function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function holds({ ours, yardstick, ratio, bound }: Comparison): boolean | null {
  if (bound === null) return null
  const value = ratio ?? ours
  if ('atLeast' in bound) return value >= bound.atLeast
  const isWithin = yardstick !== null && bound.orMore !== undefined && ours - yardstick <= bound.orMore
  return value <= bound.atMost || isWithin
}

function cpuOf(measured: Measured[]): CpuUse | null {
  const uses = measured.flatMap(({ cpu }) => cpu ?? [])
  if (uses.length === 0) return null
  const of = (name: keyof CpuUse): number => median(uses.map((use) => use[name]))
  return { share: of('share'), microseconds: of('microseconds'), loadShare: of('loadShare') }
}

/** For whoever watches. */
function shown({ value, cpu }: Measured): string {
  const figure = value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
  if (cpu === undefined) return figure
  const { share, microseconds, loadShare } = cpu
  return `${figure} (server ${share.toFixed(2)}, load ${loadShare.toFixed(2)} of a core, ${microseconds.toFixed(1)} µs)`
}
