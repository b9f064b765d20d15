// The tables: categories, hottest keys, clears, instances, and the charts in figures.
import { byId, fillTable, make } from './elements.js'
import { about, bytes, count, milliseconds, moment, percent, perSecond, time } from './format.js'
import { KINDS } from './outages.js'

/**
 * @typedef {import('../messages.ts').Sample} Sample
 * @typedef {import('../messages.ts').Point} Point
 */

/** Beats of the sample before, by instance. @type {Map<string, number>} */
let beats = new Map()

/** @param {Sample} sample @param {(key: string) => void} onPick of a key */
export function showTables({ stats, lists, hottest }, onPick) {
  showCategories(stats)
  const top = hottest[0]?.perMinute ?? 0
  fillTable(
    byId('hottest'),
    [{ name: 'Key' }, { name: 'A minute', isNumber: true }],
    hottest.map(({ key, perMinute }) => [
      { text: key, title: `${key}: put it into the clear box`, onPick: () => onPick(key) },
      { text: about(perMinute), share: top === 0 ? 0 : perMinute / top },
    ]),
    'No key was asked for lately.',
  )
  const isAway = stats.database.status === 'away'
  showClears(stats.owed_clears, lists?.clears ?? null, isAway)
  if (lists === null) return
  const old =
    isAway || Date.now() - lists.readAt > 20_000
      ? `as of ${moment(lists.readAt)}: PostgreSQL does not answer`
      : ''
  byId('instances-title').replaceChildren('Instances ', make('small', {}, old))
  fillTable(
    byId('instances'),
    [{ name: 'Instance' }, { name: 'Lease' }, { name: 'Clears to apply', isNumber: true }],
    lists.instances.map(({ name, beat, behind }) => [
      name === stats.instance ? `${name} (this one)` : name,
      beats.has(name) && beats.get(name) !== beat ? 'renewed' : 'idle',
      { text: count(behind), tone: behind > 0 ? 'bad' : '' },
    ]),
    'None is on the list.',
  )
  beats = new Map(lists.instances.map(({ name, beat }) => [name, beat]))
}

/** @param {Sample['stats']} stats */
function showCategories({ categories, windows }) {
  const lately = windows['5m'].categories
  const names = Object.keys(categories).sort()
  fillTable(
    byId('categories'),
    [
      { name: 'Category' },
      ...['Look-ups', 'Hit rate', 'Stale', 'Load p50', 'Load p99', 'Failed', 'Entries', 'Bytes'].map(
        (name) => ({ name, isNumber: true }),
      ),
    ],
    names.map((name) => {
      const seen = lately[name]
      const now = categories[name]
      const rate = seen?.hit_rate ?? null
      return [
        name,
        count((seen?.hits ?? 0) + (seen?.misses ?? 0)),
        { text: percent(rate), share: rate === null ? null : rate / 100 },
        { text: count(seen?.stale ?? 0), tone: (seen?.stale ?? 0) > 0 ? 'warn' : '' },
        milliseconds(seen?.load_ms_p50),
        milliseconds(seen?.load_ms_p99),
        { text: count(seen?.failed ?? 0), tone: (seen?.failed ?? 0) > 0 ? 'bad' : '' },
        count(now?.entries),
        bytes(now?.bytes),
      ]
    }),
    'Nothing was asked for yet.',
  )
}

/**
 * @param {import('../../../stats/schema.ts').OwedClear[]} owed
 * @param {import('../../cache/clears-schema.ts').Clear[] | null} clears null while they are not known
 * @param {boolean} isAway so that there may be more
 */
function showClears(owed, clears, isAway) {
  fillTable(
    byId('clears'),
    [
      { name: 'When' },
      { name: 'What' },
      { name: 'Who' },
      { name: 'Why' },
      { name: 'Keys', isNumber: true },
      { name: 'Confirmed' },
      { name: 'Took', isNumber: true },
    ],
    [...owed.map(owedRow), ...(clears ?? []).map(clearRow)],
    isAway
      ? 'PostgreSQL is away and does not say what was cleared.'
      : clears === null
        ? 'Not known yet.'
        : 'Nobody has cleared anything.',
  )
}

/** @param {import('../../../stats/schema.ts').OwedClear} clear */
const owedRow = ({ cleared_at, kind, selector, actor, reason }) => [
  moment(cleared_at),
  whatOf(kind, selector),
  actor,
  reason ?? '–',
  '–',
  {
    text: 'here alone',
    tone: 'bad',
    title: 'It is written to PostgreSQL, and reaches the others, when that is back.',
  },
  '–',
]

/** @param {import('../../cache/clears-schema.ts').Clear} clear */
const clearRow = ({ cleared_at, kind, selector, actor, reason, deleted, instances, took_ms }) => [
  moment(cleared_at),
  whatOf(kind, selector),
  actor,
  reason ?? '–',
  count(deleted),
  instances === null
    ? '–'
    : {
        text:
          instances.expired.length === 0
            ? `all ${instances.confirmed}`
            : `${instances.confirmed}, not ${instances.expired.length}`,
        title: [...instances.confirmed_by, ...instances.expired.map((name) => `not ${name}`)].join(', '),
      },
  milliseconds(took_ms),
]

/** @param {string} kind @param {string} selector */
const whatOf = (kind, selector) => ({
  text: kind === 'pattern' ? selector : `${kind} ${selector}`,
  title: selector,
})

/** @param {import('./outages.js').Outage[]} outages */
export function showOutages(outages) {
  const list = byId('outage-list')
  const items = outages
    .toReversed()
    .map(({ kind, from, to, isOver }) => `${time(from)} – ${isOver ? time(to) : 'now'}  ${KINDS[kind].name}`)
  const text = items.length > 0 ? items : ['None in this time.']
  if (JSON.stringify([...list.children].map((item) => item.textContent)) === JSON.stringify(text)) return
  list.replaceChildren(...text.map((item) => make('li', {}, item)))
}

/** The last point of each minute, newest first. @param {Point[]} points */
export function showMinutes(points) {
  const last = new Map(points.map((point) => [Math.floor(point.at / 60_000), point]))
  fillTable(
    byId('minutes-table'),
    [
      { name: 'At' },
      ...[
        'Hit rate',
        'Requests, fleet',
        'Requests, here',
        'Load p50',
        'Load p99',
        'Redis p99',
        'Memory tier',
        'Redis',
      ].map((name) => ({ name, isNumber: true })),
      { name: 'Away' },
    ],
    [...last.values()]
      .toReversed()
      .map((point) => [
        time(point.at),
        percent(point.hitRate),
        perSecond(point.fleetRequests),
        perSecond(point.requests),
        milliseconds(point.loadMsP50),
        milliseconds(point.loadMsP99),
        milliseconds(point.redisMsP99),
        bytes(point.memoryBytes),
        bytes(point.redisBytes),
        [point.isRedisAway ? 'Redis' : '', point.isLeaseLost ? 'PostgreSQL' : '']
          .filter(Boolean)
          .join(', ') || '–',
      ]),
    'Nothing yet.',
  )
}
