// When something was away: spans of time, found in the points, and in the page's own gaps.

/**
 * @typedef {import('../messages.ts').Point} Point
 * @typedef {'redis' | 'lease' | 'service'} Kind
 * @typedef {{kind: Kind, from: number, to: number, isOver: boolean}} Outage
 */

/** @type {Record<Kind, {name: string, meaning: string}>} */
export const KINDS = {
  redis: {
    name: 'Redis away',
    meaning: 'not connected, or its breaker is open: memory and PostgreSQL answer',
  },
  lease: { name: 'PostgreSQL away', meaning: 'it does not say what was cleared: answers are STALE' },
  service: { name: 'No connection', meaning: 'this page had no word of the service' },
}

/**
 * @param {Point[]} points oldest first
 * @param {{from: number, to: number | null}[]} gaps in which this page had no connection
 * @param {number} everyMs between two points
 * @param {number} now
 * @returns {Outage[]} oldest first
 */
export function outagesOf(points, gaps, everyMs, now) {
  const away = gaps.map(({ from, to }) => ({
    kind: /** @type {Kind} */ ('service'),
    from,
    to: to ?? now,
    isOver: to !== null,
  }))
  return [
    ...spans(points, everyMs, 'redis', ({ isRedisAway }) => isRedisAway),
    ...spans(points, everyMs, 'lease', ({ isLeaseLost }) => isLeaseLost),
    ...away,
  ].sort((one, other) => one.from - other.from)
}

/**
 * Runs of points of which something is true, each until the next point, unless that is far off: nobody knows what was in between.
 *
 * @param {Point[]} points
 * @param {number} everyMs
 * @param {Kind} kind
 * @param {(point: Point) => boolean} isAway
 */
function spans(points, everyMs, kind, isAway) {
  /** @type {Outage[]} */
  const found = []
  /** @type {Outage | null} */
  let open = null
  for (const point of points) {
    if (open !== null && point.at - open.to > 3 * everyMs) open = null
    if (open !== null) open.to = point.at
    if (isAway(point) && open === null) {
      open = { kind, from: point.at, to: point.at, isOver: false }
      found.push(open)
    } else if (!isAway(point) && open !== null) {
      open.isOver = true
      open = null
    }
  }
  const last = points.at(-1)?.at ?? 0
  return found.map((outage) => ({ ...outage, isOver: outage.isOver || outage.to < last }))
}
