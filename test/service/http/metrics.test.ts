// /metrics counts each answer once, by what it is, wherever it was answered: in front of the framework, behind it, or before either.
import { connect } from 'node:net'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { until } from '../../support/until.ts'
import { openPool } from '../../../src/db/client.ts'
import { sharedRedis } from '../../support/redis.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import { startFilledDatabase } from '../../support/http.ts'

const database = await startFilledDatabase(t)
const LIST = '/api/v1/media/latest'

type Metrics = Record<string, number>

/** Values by name and labels, as they are written. */
async function metricsOf(service: TestService): Promise<Metrics> {
  const response = await service.get('/metrics')
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  )
}

/** What of the metrics a piece of work changed, of those whose name begins so. */
async function changes(service: TestService, prefix: string, work: () => Promise<unknown>): Promise<Metrics> {
  const before = await metricsOf(service)
  await work()
  const after = await metricsOf(service)
  const changed = Object.entries(after)
    .map(([name, value]) => [name, value - (before[name] ?? 0)] as const)
    .filter(([name, value]) => name.startsWith(prefix) && value !== 0 && !name.includes('/metrics'))
  return Object.fromEntries(changed)
}

const requests = (method: string, route: string, status: number): string =>
  `barometer_http_requests_total{method="${method}",route="${route}",status="${status}"}`
const lookups = (tier: string, outcome: string, category = 'media'): string =>
  `barometer_cache_lookups_total{category="${category}",tier="${tier}",outcome="${outcome}"}`

async function begin(t: Test, settings: Record<string, string> = {}): Promise<TestService> {
  const service = await startService(t, { DATABASE_URL: database, ...settings })
  // Or a scrape waits for them for a moment only, and has them or not.
  await service.app.stats.ledger.fleet.refresh(60_000)
  return service
}

t.test('a miss, a hit behind the framework and hits in front of it', async (t) => {
  const service = await begin(t)
  const url = `${LIST}?limit=1`
  t.strictSame(await changes(service, 'barometer_cache_lookups', () => service.get(url)), {
    [lookups('load', 'miss')]: 1,
  })
  const etag = (await service.get(url)).headers.get('etag')!
  const hits = await changes(service, 'barometer_', async () => {
    await service.get(url)
    await service.get(url)
    t.equal((await service.get(url, { 'if-none-match': etag })).status, 304)
  })
  t.strictSame(hits, {
    [requests('GET', LIST, 200)]: 2,
    [requests('GET', LIST, 304)]: 1,
    [lookups('memory', 'hit')]: 3,
  })
})

t.test('HEAD, and what the framework alone answers', async (t) => {
  const service = await begin(t)
  const counted = await changes(service, 'barometer_', async () => {
    const { headers } = await fetch(`${service.url}${LIST}`, { method: 'HEAD' })
    const known = { 'if-none-match': headers.get('etag')! }
    const again = await fetch(`${service.url}${LIST}`, { method: 'HEAD', headers: known })
    t.equal(again.status, 304)
  })
  t.match(counted, {
    [requests('HEAD', LIST, 200)]: 1,
    [requests('HEAD', LIST, 304)]: 1,
    [lookups('load', 'miss')]: 1,
    [lookups('memory', 'hit')]: 1,
  })
  t.equal(counted[requests('GET', LIST, 200)], undefined)
})

t.test('hits in Redis, in front of the framework and behind it', async (t) => {
  const redis = await sharedRedis(t)
  const service = await begin(t, { REDIS_URL: redis.url, CACHE_MEMORY_MAX_MB: '0', ...PATIENT_REDIS })
  await service.get(LIST)
  await until(
    'it to be stored',
    () => redis.client.dbsize(),
    (size) => size === 1,
  )
  const counted = await changes(service, 'barometer_', async () => {
    for (let hit = 0; hit < 3; hit++) t.equal((await service.get(LIST)).headers.get('x-cache'), 'HIT')
  })
  t.match(counted, { [requests('GET', LIST, 200)]: 3, [lookups('redis', 'hit')]: 3 })
  t.ok(counted['barometer_redis_commands_total']! >= 3)
  t.ok(counted['barometer_redis_call_seconds_count']! >= 3)
  t.ok(counted['barometer_redis_call_seconds_sum']! > 0)
  t.match(await metricsOf(service), { barometer_redis_connected: 1, barometer_redis_breaker_open: 0 })
})

t.test('what is too large to be stored', async (t) => {
  const service = await begin(t, { CACHE_ENTRY_MAX_KB: '1' })
  const counted = await changes(service, 'barometer_cache_lookups', async () => {
    t.equal((await service.get(`${LIST}?limit=50`)).headers.get('x-cache'), 'BYPASS')
  })
  t.strictSame(counted, { [lookups('load', 'bypass')]: 1 })
})

t.test('loads, stale answers and failures', async (t) => {
  const service = await begin(t, { CACHE_TTL_MEDIA: '1' })
  const pool = openPool(database, { max: 1 })
  t.teardown(() => pool.end({ timeout: 0 }))
  await service.get(LIST)
  await pool`alter table media_articles rename to hidden`
  t.teardown(() => pool`alter table hidden rename to media_articles`)
  const stale = await changes(service, 'barometer_cache_lookups', () =>
    until(
      'it to expire',
      async () => (await service.get(LIST)).headers.get('x-cache'),
      (from) => from === 'STALE',
    ),
  )
  t.equal(stale[lookups('memory', 'stale')], 1)
  const failed = await changes(service, 'barometer_', async () => {
    t.equal((await service.get(`${LIST}?limit=7`)).status, 500)
  })
  t.match(failed, {
    [lookups('load', 'error')]: 1,
    [requests('GET', LIST, 500)]: 1,
    'barometer_cache_loads_total{category="media"}': 1,
    'barometer_cache_load_failures_total{category="media"}': 1,
    'barometer_cache_load_seconds_count{category="media"}': 1,
  })
})

t.test('refusals; no path, id or key adds a series', async (t) => {
  const service = await begin(t)
  const refused = await changes(service, 'barometer_http', async () => {
    t.equal((await service.get(`${LIST}?limit=x`)).status, 400)
    t.equal((await service.get('/nowhere')).status, 404)
    t.equal((await service.get('/%zz')).status, 400)
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
    socket.end('rubbish\r\n\r\n').resume()
    await once(socket, 'close')
  })
  t.strictSame(refused, {
    [requests('GET', LIST, 400)]: 1,
    [requests('', '', 404)]: 1,
    [requests('', '', 400)]: 2,
  })
  await service.get('/api/v1/media/999999')
  // Those about Node itself come when what they count first happens.
  const series = async () =>
    Object.keys(await metricsOf(service)).filter((name) => name.startsWith('barometer_'))
  const before = await series()
  for (let id = 1; id <= 20; id++) {
    await service.get(`/nowhere/${id}`)
    await service.get(`/api/v1/media/${1_000_000 + id}`)
  }
  t.strictSame(await series(), before)
})

t.test('what is in memory, in line, and how the process fares', async (t) => {
  const service = await begin(t)
  await service.get(LIST)
  await service.get('/api/v1/volume/latest')
  const cleared = await changes(service, 'barometer_clear', () =>
    service.app.inject({ method: 'DELETE', url: '/cache/clear?pattern=media:*' }),
  )
  t.equal(cleared['barometer_clear_confirmation_seconds_count'], 1)
  const all = await metricsOf(service)
  t.match(all, {
    'barometer_cache_entries{category="media"}': 0,
    'barometer_cache_bytes{category="media"}': 0,
    'barometer_cache_entries{category="volume"}': 1,
    barometer_lease_lost: 0,
    barometer_database_waiting: 0,
    barometer_database_connections_in_use: 0,
  })
  t.ok(all['barometer_cache_bytes{category="volume"}']! > 1000)
  t.ok('nodejs_eventloop_lag_p99_seconds' in all)
  t.equal(all['barometer_redis_connected'], undefined, 'none is configured')
})
