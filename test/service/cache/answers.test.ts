// What a client sees of the cache: X-Cache and its relatives, entity tags and 304, HEAD, ages, and errors that are never kept.
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const postgres = await sharedPostgres(t)
const redis = await sharedRedis(t)
const database = await createDatabase(postgres)
const LIST = '/api/v1/media/latest?limit=2'
/** As `get` of a service asks. */
const PLAIN = { 'accept-encoding': 'identity' }
/** Headers that differ from one exchange to the next, whatever is asked. */
const OF_THE_EXCHANGE = ['date', 'x-request-id', 'age', 'cache-status', 'connection', 'keep-alive']

await fill()
t.beforeEach(() => redis.client.flushall())

/** One instrument with bars, one source with three articles. */
async function fill(): Promise<void> {
  const service = await startService(t, { DATABASE_URL: database })
  await service.database
    .pool`insert into instruments (symbol, name, kind) values ('^GSPC', 'S&P 500', 'index')`
  await service.database.pool`insert into daily_bars (instrument_id, date, open, high, low, close, volume)
    select 1, date '2020-01-01' + day, 10, 12, 9, 11, 1000 + day from generate_series(1, 30) as day`
  await service.database.pool`insert into media_sources (code, name) values ('one', 'One')`
  await service.database.pool`insert into media_articles (source, title, url, content, published_at)
    select 'one', 'Title ' || nr, 'https://example.org/' || nr, repeat('x', 700), timestamptz '2025-10-01' + nr * interval '1 hour'
    from generate_series(1, 3) as nr`
  await service.close()
}

function begin(t: Test, settings: Record<string, string> = {}): Promise<TestService> {
  return startService(t, { DATABASE_URL: database, REDIS_URL: redis.url, ...PATIENT_REDIS, ...settings })
}

/** X-Cache and Cache-Status of a read, the time to live cut out. */
async function seen(service: TestService, path = LIST): Promise<string> {
  const { headers } = await service.get(path)
  return `${headers.get('x-cache')!}: ${headers.get('cache-status')!.replace(/ttl=-?\d+/, 'ttl=N')}`
}

t.test('every read route misses, hits, and misses again after a clear', async (t) => {
  const service = await begin(t)
  const paths = ['/api/v1/volume', '/api/v1/volume/latest', LIST, '/api/v1/media/2', '/api/v1/media/sources']
  for (const path of paths) {
    t.equal(await seen(service, path), 'MISS: barometer; fwd=miss; stored', path)
    t.equal(await seen(service, path), 'HIT: barometer; hit; ttl=N; detail=memory')
  }
  await service.app.inject({ method: 'DELETE', url: '/cache/clear' })
  for (const path of paths) t.equal(await seen(service, path), 'MISS: barometer; fwd=miss; stored', path)
})

t.test('after a restart the answers come from Redis, the same in every byte and header', async (t) => {
  const first = await begin(t)
  const before = await first.get(LIST)
  const body = await before.text()
  t.match(before.headers.get('link'), /rel="next"/)
  await until('it in Redis', () => redis.client.dbsize())
  await first.close()
  const service = await begin(t)
  const after = await service.get(LIST)
  t.equal(await after.text(), body)
  for (const name of ['etag', 'link', 'content-type', 'content-length', 'cache-control', 'vary'])
    t.equal(after.headers.get(name), before.headers.get(name), name)
  t.equal(after.headers.get('x-cache'), 'HIT')
  t.match(after.headers.get('cache-status'), /^barometer; hit; ttl=\d+; detail=redis$/)
  t.equal(await seen(service), 'HIT: barometer; hit; ttl=N; detail=memory')
})

t.test('an entity tag that the client has is answered 304, in whatever list it comes', async (t) => {
  const service = await begin(t)
  const full = await service.get(LIST)
  const etag = full.headers.get('etag')!
  t.match(etag, /^"[\w-]{20,}"$/, 'strong')
  const matching = [etag, `W/${etag}`, '*', ` ${etag} `, `"other", ${etag}`, `"other",W/${etag},"more"`]
  for (const header of matching) {
    const response = await service.get(LIST, { 'if-none-match': header })
    t.equal(response.status, 304, header)
    t.equal(await response.text(), '')
    for (const name of ['etag', 'cache-control', 'vary', 'x-cache', 'age', 'link'])
      t.ok(response.headers.get(name) !== null, `${name} is there`)
  }
  for (const header of ['"other"', `"${etag}"`, etag.slice(1, -1), 'W/"other"', '']) {
    const response = await service.get(LIST, { 'if-none-match': header })
    t.equal(response.status, 200, JSON.stringify(header))
    t.ok((await response.text()).length > 100)
  }
  await service.app.inject({ method: 'DELETE', url: '/cache/clear' })
  const reloaded = await service.get(LIST, { 'if-none-match': etag })
  t.strictSame(
    [reloaded.status, reloaded.headers.get('x-cache')],
    [304, 'MISS'],
    'the same data has the same tag',
  )
  const other = await service.get('/api/v1/media/latest?limit=1')
  t.not(other.headers.get('etag'), etag)
})

t.test('HEAD is a GET without its body, from and for the same entry', async (t) => {
  const service = await begin(t)
  const head = await fetch(service.url + LIST, { method: 'HEAD', headers: PLAIN })
  t.equal(head.headers.get('x-cache'), 'MISS')
  const get = await service.get(LIST)
  t.equal(get.headers.get('x-cache'), 'HIT')
  const body = Buffer.from(await get.arrayBuffer())
  const again = await fetch(service.url + LIST, { method: 'HEAD', headers: PLAIN })
  t.equal(again.status, 200)
  t.equal((await again.arrayBuffer()).byteLength, 0)
  t.equal(again.headers.get('content-length'), String(body.length))
  const comparable = ({ headers }: Response) =>
    Object.fromEntries([...headers].filter(([name]) => !OF_THE_EXCHANGE.includes(name)))
  t.strictSame(comparable(again), comparable(get))
  const conditional = await fetch(service.url + LIST, {
    method: 'HEAD',
    headers: { ...PLAIN, 'if-none-match': get.headers.get('etag')! },
  })
  t.equal(conditional.status, 304)
})

t.test('an answer says how old it is, and no cache on the way may keep it unasked', async (t) => {
  const service = await begin(t)
  const fresh = await service.get(LIST)
  t.equal(fresh.headers.get('age'), '0')
  t.equal(fresh.headers.get('cache-control'), 'no-cache')
  const ageOf = async () => Number((await service.get(LIST)).headers.get('age'))
  t.equal(await until('it to age', ageOf), 1)
  await service.app.inject({ method: 'DELETE', url: '/cache/clear' })
  t.equal(await ageOf(), 0)
})

t.test('a body over the limit is answered and never stored', async (t) => {
  const service = await begin(t, { CACHE_ENTRY_MAX_KB: '1' })
  for (const _ of [1, 2]) t.equal(await seen(service), 'BYPASS: barometer; fwd=miss; detail=too-large')
  t.equal(await seen(service, '/api/v1/media/2'), 'MISS: barometer; fwd=miss; stored', 'a smaller one is')
  t.equal((await service.app.cache.stats()).memory_cache_size, 1)
})

t.test('what is gone is gone: no expired answer hides that', async (t) => {
  const service = await begin(t, { CACHE_TTL_MEDIA: '1' })
  const { pool } = service.database
  const [row] = await pool<{ id: number }[]>`insert into media_articles (source, title, url, published_at)
    values ('one', 'Short-lived', 'https://example.org/gone', now()) returning id`
  const path = `/api/v1/media/${row!.id}`
  t.equal((await service.get(path)).status, 200)
  await pool`delete from media_articles where id = ${row!.id}`
  const gone = await until(
    'it to expire',
    () => service.get(path),
    ({ headers }) => headers.get('x-cache') !== 'HIT',
  )
  t.equal(gone.status, 404)
  t.equal(gone.headers.get('x-cache'), null)
  t.match(await service.app.cache.stats(), { load_failures: 0, stale: 0 })
})

t.test('errors are never kept', async (t) => {
  const service = await begin(t)
  const { pool } = service.database
  const path = '/api/v1/media/latest?cursor=1000'
  t.equal((await service.get(path)).status, 400, 'there is no such article to go on from')
  await pool`insert into media_articles (id, source, title, url, published_at) overriding system value
    values (1000, 'one', 'Late', 'https://example.org/late', now())`
  const response = await service.get(path)
  t.strictSame([response.status, response.headers.get('x-cache')], [200, 'MISS'])
})
