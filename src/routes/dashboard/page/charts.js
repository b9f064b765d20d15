// The charts: what each shows, and drawing them as points come.
import { colour, marksPlugin } from './bands.js'
import { make } from './elements.js'
import { bytes, milliseconds, percent, perSecond } from './format.js'

/**
 * @typedef {import('../messages.ts').Point} Point
 * @typedef {{name: string, of: (point: Point) => number | null, colour: string, dash?: number[], fill?: boolean}} Line
 * @typedef {{title: string, form: (value: number | null | undefined) => string, lines: Line[], range: 'percent' | 'from zero' | 'logarithmic', least?: number}} Chart
 */

/** @type {Chart[]} */
export const CHARTS = [
  {
    title: 'Hit rate',
    form: percent,
    range: 'percent',
    lines: [
      { name: 'fleet', of: ({ fleetHitRate }) => fleetHitRate, colour: 'line-1', fill: true },
      { name: 'this instance', of: ({ hitRate }) => hitRate, colour: 'line-2', dash: [6, 4] },
    ],
  },
  {
    title: 'Requests',
    form: perSecond,
    range: 'from zero',
    lines: [
      { name: 'fleet', of: ({ fleetRequests }) => fleetRequests, colour: 'line-1', fill: true },
      { name: 'this instance', of: ({ requests }) => requests, colour: 'line-2', dash: [6, 4] },
    ],
  },
  {
    title: 'Latency of loads and of Redis',
    form: milliseconds,
    range: 'logarithmic',
    lines: [
      { name: 'load p99', of: ({ loadMsP99 }) => loadMsP99, colour: 'line-1' },
      { name: 'load p50', of: ({ loadMsP50 }) => loadMsP50, colour: 'line-1', dash: [6, 4] },
      { name: 'Redis p99', of: ({ redisMsP99 }) => redisMsP99, colour: 'line-2' },
      { name: 'Redis p50', of: ({ redisMsP50 }) => redisMsP50, colour: 'line-2', dash: [6, 4] },
    ],
  },
  {
    title: 'Memory tier',
    form: bytes,
    least: 2 ** 20,
    range: 'from zero',
    lines: [{ name: 'this instance', of: ({ memoryBytes }) => memoryBytes, colour: 'line-1', fill: true }],
  },
  {
    title: 'Redis memory',
    form: bytes,
    least: 2 ** 20,
    range: 'from zero',
    lines: [
      { name: 'all that Redis holds', of: ({ redisBytes }) => redisBytes, colour: 'line-1', fill: true },
    ],
  },
]

const HEIGHT = 180
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const exactClock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
/** @type {import('uplot').Scale.Distr} */
const LOGARITHMIC = 3
/** Powers of two, as bytes are counted. */
const BYTE_STEPS = Array.from({ length: 40 }, (_, power) => 2 ** power)
const FONT = '11px system-ui, sans-serif'

export class Charts {
  /** @type {HTMLElement} */
  #place
  /** @type {() => import('./bands.js').Marks} */
  #marks
  /** @type {{chart: Chart, figure: HTMLElement, plot: uPlot}[]} */
  #plots = []
  /** @type {import('uplot').AlignedData[]} */
  #data = CHARTS.map(({ lines }) => [[], ...lines.map(() => [])])
  #range = [0, 1]

  /** @param {HTMLElement} place @param {() => import('./bands.js').Marks} marks */
  constructor(place, marks) {
    this.#place = place
    this.#marks = marks
    this.#build()
    new ResizeObserver(() => this.#fit()).observe(place.parentElement ?? place)
    // Colours are read off the style sheet when a chart is made.
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#build())
  }

  /**
   * @param {Point[]} points oldest first
   * @param {number} everyMs between two of them; a line ends where they are further apart
   * @param {number} from
   * @param {number} to milliseconds since the Unix epoch, as `from`
   */
  draw(points, everyMs, from, to) {
    this.#range = [from / 1000, to / 1000]
    const whole = withBreaks(points, everyMs)
    const at = whole.map((point) => point.at / 1000)
    for (const [index, { chart, figure, plot }] of this.#plots.entries()) {
      const lines = chart.lines.map(({ of }) => whole.map((point) => ('isBreak' in point ? null : of(point))))
      this.#data[index] = [at, ...lines]
      plot.setData(this.#data[index])
      // Without a pointer on it, the legend says what is now.
      if (at.length > 0 && (plot.cursor.left ?? -1) < 0) plot.setLegend({ idx: at.length - 1 })
      describe(figure, chart, lines)
    }
  }

  #build() {
    const cursor = uPlot.sync('charts')
    for (const { plot } of this.#plots) plot.destroy()
    this.#plots = CHARTS.map((chart, index) => {
      const figure = make(
        'figure',
        { class: 'panel' },
        make('figcaption', {}, make('h2', {}, chart.title), make('p', { class: 'now' })),
      )
      const target = make('div', { class: 'plot', role: 'img' })
      figure.append(target)
      const options = optionsOf(chart, () => this.#range, marksPlugin(this.#marks), cursor.key)
      return { chart, figure, plot: new uPlot(options, this.#data[index], target) }
    })
    this.#place.replaceChildren(...this.#plots.map(({ figure }) => figure))
    this.#fit()
  }

  #fit() {
    for (const { figure, plot } of this.#plots) {
      const width = (figure.querySelector('.plot')?.clientWidth ?? 0) | 0
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT })
    }
  }
}

/** @param {Point[]} points @param {number} everyMs @returns {(Point | {at: number, isBreak: true})[]} */
function withBreaks(points, everyMs) {
  return points.flatMap((point, index) => {
    const before = points[index - 1]
    return before === undefined || point.at - before.at < 3 * everyMs
      ? [point]
      : [{ at: before.at + everyMs, isBreak: /** @type {const} */ (true) }, point]
  })
}

/** In words what the lines show, for those who do not see them. @param {HTMLElement} figure @param {Chart} chart @param {(number | null)[][]} values */
function describe(figure, { title, form, lines }, values) {
  const said = lines.map(({ name }, index) => {
    const known = values[index]?.filter((value) => value !== null) ?? []
    const now = values[index]?.at(-1)
    const extent =
      known.length === 0 ? '' : `, between ${form(Math.min(...known))} and ${form(Math.max(...known))}`
    return { name, now: form(now), extent }
  })
  const now = figure.querySelector('.now')
  if (now !== null) now.textContent = said[0]?.now ?? ''
  const text = said.map(({ name, now, extent }) => `${name} now ${now}${extent}`).join('; ')
  figure.querySelector('.plot')?.setAttribute('aria-label', `${title}: ${text}`)
}

/**
 * @param {Chart} chart
 * @param {() => number[]} range
 * @param {import('uplot').Plugin} plugin
 * @param {string} cursorKey
 * @returns {import('uplot').Options}
 */
function optionsOf({ form, lines, range: kind, least = 1 }, range, plugin, cursorKey) {
  const axis = {
    stroke: colour('quiet'),
    font: FONT,
    grid: { stroke: colour('rule'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: 300,
    height: HEIGHT,
    padding: [8, 10, 0, 0],
    plugins: [plugin],
    cursor: { sync: { key: cursorKey }, y: false, drag: { x: false, y: false } },
    legend: { markers: { width: 2, dash: (plot, index) => (plot.series[index]?.dash ? 'dashed' : 'solid') } },
    scales: {
      x: { range: () => /** @type {[number, number]} */ (range()) },
      y:
        kind === 'logarithmic'
          ? { distr: LOGARITHMIC, range: (_plot, low, high) => decades(low, high) }
          : {
              range: (_plot, _low, high) =>
                kind === 'percent' ? [0, 100] : [0, Math.max(high * 1.15, least)],
            },
    },
    axes: [
      {
        ...axis,
        size: 26,
        space: 60,
        values: (_plot, ticks) => ticks.map((at) => clock.format(new Date(at * 1000))),
        incrs: [60, 120, 300],
      },
      {
        ...axis,
        size: 62,
        space: 34,
        ...(form === bytes ? { incrs: BYTE_STEPS } : {}),
        // On a logarithmic scale, those between the powers of ten have none.
        values: (_plot, /** @type {(number | null)[]} */ ticks) =>
          ticks.map((tick) => (tick === null ? '' : form(tick))),
      },
    ],
    series: [
      {
        label: 'at',
        value: (_plot, /** @type {number | null} */ at) =>
          at === null ? '–' : exactClock.format(new Date(at * 1000)),
      },
      ...lines.map((line) => ({
        label: line.name,
        stroke: colour(line.colour),
        width: 2,
        ...(line.dash === undefined ? {} : { dash: line.dash }),
        ...(line.fill === true ? { fill: colour(`${line.colour}-fill`) } : {}),
        points: { show: false },
        value: (/** @type {uPlot} */ _plot, /** @type {number | null} */ value) => form(value),
      })),
    ],
  }
}

/** Whole powers of ten around what there is. @param {number | null} low @param {number | null} high @returns {[number, number]} */
function decades(low, high) {
  if (low === null || high === null || !(low > 0)) return [0.1, 100]
  return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high * 1.01))]
}
