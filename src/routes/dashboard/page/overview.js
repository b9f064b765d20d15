// What one sees first: the state of things, and the figures that matter most.
import { byId, make } from './elements.js'
import {
  about,
  bytes,
  count,
  milliseconds,
  moment,
  money,
  percent,
  perSecond,
  plural,
  seconds,
} from './format.js'

/**
 * @typedef {import('../messages.ts').Sample} Sample
 * @typedef {import('./connection.js').State} State
 * @typedef {{name: string, tone: 'good' | 'bad' | 'idle', text: string, title?: string}} Light
 */

const MARKS = { good: '●', bad: '▲', idle: '○' }

/** @param {Sample | null} sample @param {State['kind']} kind */
export function showStates(sample, kind) {
  const known = sample === null ? [] : [redisOf(sample), leaseOf(sample)]
  // Nobody knows what they are now.
  const others = kind === 'live' ? known : known.map((light) => past(light))
  const lights = [pageOf(kind), ...others]
  byId('states').replaceChildren(
    ...lights.map(({ name, tone, text, title = '' }) =>
      make(
        'li',
        { class: tone, title },
        make('span', { 'aria-hidden': 'true' }, MARKS[tone]),
        ` ${name} `,
        make('b', {}, text),
      ),
    ),
  )
}

/** @param {Light} light @returns {Light} */
const past = (light) => ({ ...light, tone: 'idle', text: `was ${light.text}` })

/** @param {State['kind']} kind @returns {Light} */
function pageOf(kind) {
  if (kind === 'live') return { name: 'Page', tone: 'good', text: 'live' }
  if (kind === 'connecting') return { name: 'Page', tone: 'idle', text: 'connecting' }
  return { name: 'Page', tone: 'bad', text: kind === 'refused' ? 'needs a key' : 'no connection' }
}

/** @param {Sample} sample @returns {Light} */
function redisOf({ stats: { status, redis } }) {
  if (status === 'disabled' || redis === null)
    return { name: 'Redis', tone: 'idle', text: 'none', title: 'none is configured' }
  const { breaker } = redis
  const title = `breaker ${breaker.state} since ${moment(breaker.since)}`
  if (status === 'connected') return { name: 'Redis', tone: 'good', text: 'connected', title }
  return {
    name: 'Redis',
    tone: 'bad',
    text: breaker.state === 'open' ? `away since ${moment(breaker.since)}` : 'away',
    title,
  }
}

/** @param {Sample} sample @returns {Light} */
function leaseOf({ stats: { lease } }) {
  const title = `since ${moment(lease.since)}`
  if (lease.state === 'held') return { name: 'Lease', tone: 'good', text: 'held', title }
  if (lease.state === 'idle')
    return { name: 'Lease', tone: 'idle', text: 'idle', title: `${title}: nobody asks for anything` }
  return {
    name: 'PostgreSQL',
    tone: 'bad',
    text: `away since ${moment(lease.since)}`,
    title: 'it does not say what was cleared',
  }
}

/** Whether anything was ever analysed: while PostgreSQL does not say, it is as it was. */
let isAnalysed = false

/** None where nothing was ever analysed. @param {Sample['stats']['analyses']} analyses @returns {[string, string, string][]} */
function analysesTile({ calls, hits, saved, today, currency, hit_rate: rate, running, budgets }) {
  if (calls !== null) isAnalysed = calls + (hits ?? 0) > 0
  if (!isAnalysed) return []
  const scarcest = budgets
    .filter(({ left }) => left !== null)
    .sort((one, other) => share(one) - share(other))[0]
  const budget =
    scarcest === undefined
      ? ''
      : `, ${money(scarcest.left, null)} of ${money(scarcest.budget, null)} left for ${scarcest.analyser}`
  const more = `${money(saved, currency)} in all, ${percent(rate)} without a call, ${count(running)} under way${budget}`
  return [['Analyses: saved today', money(today.saved, currency), more]]
}

/** What is left of a budget. @param {{budget: string, left: string | null}} budget */
const share = ({ budget, left }) => (Number(budget) === 0 ? 0 : Number(left) / Number(budget))

/** @param {Sample} sample */
export function showTiles({ point, stats, busy }) {
  const { '1m': minute, '1h': hour } = stats.windows
  const { savings, redis, fleet } = stats
  const cost = savings.cost === null ? '' : `, cost ${count(savings.cost)}`
  const commands = redis?.commands.per_day ?? null
  /** @type {[string, string, string][]} */
  const tiles = [
    ['Hit rate, 1 min', percent(minute.hit_rate), `${percent(hour.hit_rate)} in the last hour`],
    [
      'Requests, fleet',
      perSecond(point.fleetRequests),
      `${perSecond(point.requests)} here, ${plural(fleet?.instances ?? 1, 'instance')}`,
    ],
    [
      'Load p99, 1 min',
      milliseconds(minute.load_ms_p99),
      `p50 ${milliseconds(minute.load_ms_p50)}, ${plural(minute.loads, 'load')}`,
    ],
    ['Stale, 1 min', count(minute.stale), `${count(minute.failed)} failed, event loop ${percent(busy)} busy`],
    [
      'Memory tier',
      bytes(stats.memory_cache_bytes),
      `of ${bytes(stats.memory_cache_limit_bytes)}, ${plural(stats.memory_cache_size, 'entry', 'entries')}`,
    ],
    [
      'Redis',
      bytes(stats.redis_used_memory_bytes),
      redis === null
        ? 'none is configured'
        : `${count(stats.redis_own_keys)} keys of ours${commands === null ? '' : `, ${about(commands)} commands a day`}`,
    ],
    ['Loads avoided', count(savings.loads_avoided), `${seconds(savings.seconds)} of loading${cost}`],
    ...analysesTile(stats.analyses),
  ]
  byId('tiles').replaceChildren(
    ...tiles.map(([name, value, more]) =>
      make(
        'div',
        { class: 'panel' },
        make('dt', {}, name),
        make('dd', {}, value),
        make('dd', { class: 'more' }, more),
      ),
    ),
  )
  byId('instance').textContent = stats.instance
  byId('instance').title = `up since ${moment(stats.since)}`
}
