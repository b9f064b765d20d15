// Draws outages as bands and clears as marks behind the lines of a chart. Each kind has a hatching and its name, so that nothing rests on colour.
import { KINDS } from './outages.js'

/**
 * @typedef {import('./outages.js').Outage} Outage
 * @typedef {import('./outages.js').Kind} Kind
 * @typedef {{outages: Outage[], clears: number[]}} Marks
 */

const HATCH = 8

/** @param {string} name of a custom property of the style sheet */
export const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

/** @param {Kind} kind @param {number} ratio pixels of the screen for each of the page */
export function hatching(kind, ratio = 1) {
  const tile = document.createElement('canvas')
  const size = (tile.width = tile.height = HATCH * ratio)
  const context = tile.getContext('2d')
  if (context === null) return ''
  context.fillStyle = colour(`band-${kind}`)
  context.fillRect(0, 0, size, size)
  context.strokeStyle = colour(`band-${kind}-line`)
  context.lineWidth = ratio * 1.2
  context.beginPath()
  // Rising for Redis, falling for the lease, level for the connection.
  const [from, to] = { redis: [size, 0], lease: [0, size], service: [size / 2, size / 2] }[kind]
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift, from ?? 0)
    context.lineTo(shift + size, to ?? 0)
  }
  context.stroke()
  return context.createPattern(tile, 'repeat') ?? ''
}

/** @param {() => Marks} read @returns {import('uplot').Plugin} */
export function marksPlugin(read) {
  return { hooks: { drawClear: (plot) => draw(plot, read()) } }
}

/** @param {uPlot} plot @param {Marks} marks */
function draw(plot, { outages, clears }) {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  for (const { kind, from, to } of outages) {
    const [left, right] = [plot.valToPos(from / 1000, 'x', true), plot.valToPos(to / 1000, 'x', true)]
    // However short, it has to be seen.
    const width = Math.max(right - left, 3 * ratio)
    ctx.fillStyle = hatching(kind, ratio)
    ctx.fillRect(left, bbox.top, width, bbox.height)
    ctx.font = `${11 * ratio}px system-ui, sans-serif`
    const { name } = KINDS[kind]
    if (ctx.measureText(name).width + 8 * ratio < width) {
      ctx.fillStyle = colour('ink')
      ctx.textBaseline = 'top'
      // Each kind at a height of its own: they come together.
      const line = Object.keys(KINDS).indexOf(kind)
      ctx.fillText(name, left + 4 * ratio, bbox.top + (4 + 14 * line) * ratio)
    }
  }
  ctx.strokeStyle = ctx.fillStyle = colour('clear')
  ctx.lineWidth = ratio
  ctx.setLineDash([2 * ratio, 3 * ratio])
  for (const at of clears) {
    const x = Math.round(plot.valToPos(at / 1000, 'x', true))
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.beginPath()
    ctx.moveTo(x - 5 * ratio, bbox.top)
    ctx.lineTo(x + 5 * ratio, bbox.top)
    ctx.lineTo(x, bbox.top + 7 * ratio)
    ctx.fill()
  }
  ctx.restore()
}
