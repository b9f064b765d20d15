// The page: keeps the points, listens to the service, and shows what it hears.
import { colour, hatching } from './bands.js'
import { Charts } from './charts.js'
import { pickKey, setUpClearBox } from './clear-box.js'
import { complaintAboutKey, Connection, key } from './connection.js'
import { byId, inputById, make } from './elements.js'
import { moment } from './format.js'
import { KINDS, outagesOf } from './outages.js'
import { showStates, showTiles } from './overview.js'
import { showMinutes, showOutages, showTables } from './tables.js'

/**
 * @typedef {import('../messages.ts').Point} Point
 * @typedef {import('../messages.ts').Sample} Sample
 * @typedef {import('./connection.js').State} State
 */

const SHOWN_MS = 15 * 60_000
/** A page that was just opened does not spread seconds over a quarter of an hour. */
const SHORTEST_MS = 2 * 60_000

/** @type {Point[]} */
let points = []
let everyMs = 2000
/** @type {Sample | null} */
let newest = null
/** By the page's own clock, which only grows, when `newest` came: the service's clock may be another. */
let heardAt = 0
/** @type {{from: number, to: number | null}[]} */
let gaps = []
let redrawing = 0

const charts = new Charts(byId('charts'), () => ({ outages: outages(), clears: clears() }))
const connection = new Connection({ onHistory, onSample, onState })

/** By the service's clock. */
const now = () => (newest === null ? Date.now() : newest.point.at + performance.now() - heardAt)
const outages = () => outagesOf(points, gaps, everyMs, now())
const clears = () =>
  newest === null
    ? []
    : [...newest.stats.owed_clears, ...(newest.lists?.clears ?? [])].map(({ cleared_at }) =>
        Date.parse(cleared_at),
      )

/** @param {import('../messages.ts').History} history */
function onHistory({ points: known, everyMs: every }) {
  everyMs = every
  // What this page saw before the service, or another instance of it, began to remember.
  const first = known[0]?.at ?? Infinity
  points = [...points.filter(({ at }) => at < first), ...known]
}

/** @param {Sample} sample */
function onSample(sample) {
  const gap = gaps.at(-1)
  if (gap !== undefined && gap.to === null) gap.to = Math.max(gap.from, sample.point.at)
  newest = sample
  heardAt = performance.now()
  if (sample.point.at > (points.at(-1)?.at ?? 0)) points.push(sample.point)
  const oldest = sample.point.at - SHOWN_MS - everyMs
  points = points.filter(({ at }) => at >= oldest)
  gaps = gaps.filter(({ to }) => to === null || to >= oldest)
  // A chart that is not shown has no width to be drawn to.
  byId('figures').hidden = false
  showStates(sample, 'live')
  showTiles(sample)
  showTables(sample, pickKey)
  draw()
}

function draw() {
  const to = now()
  const seen = Math.max(SHORTEST_MS, to - (points[0]?.at ?? to))
  charts.draw(points, everyMs, to - Math.min(SHOWN_MS, seen), to)
  showOutages(outages())
  showMinutes(points)
}

/** @param {State} state */
function onState(state) {
  const isLive = state.kind === 'live'
  document.body.dataset.state = state.kind
  if (!isLive) showStates(newest, state.kind)
  if (state.kind === 'away' && newest !== null) noteGap()
  clearInterval(redrawing)
  if (!isLive && newest !== null) redrawing = window.setInterval(draw, everyMs)
  say(messageOf(state))
  if (state.kind === 'refused') askForKey(whyRefused(state.problem), false)
  else if (isLive && !isAskedByHand) closeKeyBox()
  byId('forget-key').hidden = key.get() === null
}

function noteGap() {
  const last = gaps.at(-1)
  if (last === undefined || last.to !== null) gaps.push({ from: points.at(-1)?.at ?? now(), to: null })
}

/** @param {State} state */
function messageOf(state) {
  if (state.kind === 'away') {
    const since = gaps.at(-1)?.from
    return since === undefined
      ? `No connection to the service: ${state.why}. Trying again.`
      : `No connection to the service since ${moment(since)}: ${state.why}. What you see is from then. Trying again.`
  }
  return state.kind === 'busy' ? `${state.problem.title}: ${state.problem.detail}.` : ''
}

/** Said once: this is read aloud when it changes. @param {string} message */
function say(message) {
  const banner = byId('banner')
  banner.hidden = message === ''
  if (banner.textContent !== message) banner.textContent = message
}

let isAskedByHand = false

/** @param {import('./connection.js').Problem} problem */
function whyRefused({ code, title, detail }) {
  if (code === 'key_required')
    return 'This service shows its figures to those who have an API key with the scope stats.'
  if (code === 'key_invalid')
    return `The key that this tab has kept is not known to the service (any more): ${detail}.`
  return `${title}: ${detail}.`
}

/** @param {string} message @param {boolean} byHand whether the page works without, so that one may think better of it */
function askForKey(message, byHand) {
  isAskedByHand = byHand
  byId('key-message').textContent = message
  byId('key-cancel').hidden = !byHand
  if (!byHand) byId('figures').hidden = true
  byId('key-box').hidden = false
  inputById('key').focus()
}

function closeKeyBox() {
  isAskedByHand = false
  byId('key-box').hidden = true
  inputById('key').value = ''
}

byId('key-form').addEventListener('submit', (event) => {
  event.preventDefault()
  const text = inputById('key').value.trim()
  const complaint = complaintAboutKey(text)
  if (complaint !== null) {
    byId('key-message').textContent = complaint
    return
  }
  key.set(text)
  closeKeyBox()
  connection.restart()
})
byId('key-cancel').addEventListener('click', closeKeyBox)
byId('forget-key').addEventListener('click', () => {
  key.forget()
  connection.restart()
})
setUpClearBox(() =>
  askForKey('Clearing takes a key with the scope ops; to go on watching, it needs stats as well.', true),
)

function showLegend() {
  const items = Object.entries(KINDS).map(([kind, { name, meaning }]) => {
    const swatch = make('canvas', { width: '28', height: '16', 'aria-hidden': 'true' })
    const context = swatch.getContext('2d')
    if (context !== null) {
      context.fillStyle = hatching(/** @type {import('./outages.js').Kind} */ (kind))
      context.fillRect(0, 0, 28, 16)
    }
    return make('li', {}, swatch, make('span', {}, make('b', {}, name), `: ${meaning}`))
  })
  const mark = make('span', { class: 'clear-mark', 'aria-hidden': 'true' }, '▼')
  mark.style.color = colour('clear')
  byId('band-legend').replaceChildren(
    ...items,
    make('li', {}, mark, make('span', {}, make('b', {}, 'Clear'), ': somebody cleared something')),
    make('li', {}, 'Where a line has a gap, nobody watched.'),
  )
}
showLegend()
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', showLegend)

onState({ kind: 'connecting' })
void connection.run()
