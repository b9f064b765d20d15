// The service keeps what is asked for most in memory: after data changed, after a clear, and from its start.
import t from 'tap'
import { hash } from 'node:crypto'
import { until } from '../../support/until.ts'
import { send, startFilledDatabase } from '../../support/http.ts'
import { startService, type TestService } from '../../support/service.ts'

const DATABASE_URL = await startFilledDatabase(t)
const WARM = { DATABASE_URL, CACHE_WARM_KEYS: '100' }
const HOT = '/api/v1/volume/latest?symbol=TINY&days=7'
const KEY = 'volume:latest:days=7&symbol=TINY'
const OTHER = '/api/v1/media/latest?limit=3'
/** Enough that a key counts as hot. */
const TIMES = 10

async function makeHot(service: TestService, ...paths: string[]): Promise<void> {
  for (const path of paths) for (let index = 0; index < TIMES; index += 1) await send(service, path)
}

const setClose = (service: TestService, close: number) =>
  service.database.pool`
    update daily_bars set close = ${close}
    where instrument_id = (select id from instruments where symbol = 'TINY') and date = '2020-04-17'`

t.test(
  'a row changes by plain SQL: the answer is loaded for nobody, and the next request is a hit',
  async (t) => {
    const service = await startService(t, WARM)
    const { cache, requestCounts } = service.app
    await makeHot(service, HOT, OTHER)
    const before = { ...cache.counters, requests: requestCounts.data }
    await setClose(service, 10)
    await until('warmed', () => service.app.warmed.warmed > 0 && cache.isFresh(KEY))
    t.match(cache.counters, { hits: before.hits, misses: before.misses, failed: 0, loads: before.loads + 1 })
    t.equal(requestCounts.data, before.requests, 'nobody asked')
    const { headers, body } = await send(service, HOT)
    t.equal(headers['x-cache'], 'HIT')
    t.match(JSON.parse(body), { data: [{ close: 10 }] })
    t.match(
      service.log.filter(({ level }) => level >= 40),
      [],
    )
  },
)

t.test('so it is after a clear by hand', async (t) => {
  const service = await startService(t, WARM)
  await makeHot(service, HOT)
  await send(service, `/cache/clear?pattern=${encodeURIComponent('volume:*')}`, { method: 'DELETE' })
  await until('warmed', () => service.app.cache.isFresh(KEY))
  t.equal((await send(service, HOT)).headers['x-cache'], 'HIT')
})

t.test('what is asked for once is not worth it', async (t) => {
  const service = await startService(t, WARM)
  await send(service, HOT)
  await makeHot(service, OTHER)
  await send(service, '/cache/clear', { method: 'DELETE' })
  await until('the hot one', () => service.app.warmed.warmed === 1)
  t.equal(service.app.cache.isFresh(KEY), false)
})

t.test('where each read needs a key, warming needs none, and opens no way around it', async (t) => {
  const secret = 'a-secret-of-more-than-32-characters-in-all'
  const API_KEYS = `reader:read:${hash('sha256', secret)}`
  const service = await startService(t, { ...WARM, API_KEYS, REQUIRE_READ_KEY: 'true' })
  for (let index = 0; index < TIMES; index += 1)
    await send(service, HOT, { headers: { 'x-api-key': secret } })
  await setClose(service, 11)
  await until('warmed', () => service.app.warmed.warmed > 0 && service.app.cache.isFresh(KEY))
  for (const headers of [{}, { 'x-forwarded-for': 'this process' }, { forwarded: 'for="this process"' }])
    t.equal((await send(service, HOT, { headers })).status, 401)
})

t.test(
  'an instance that starts has loaded what another one was asked for most, before it listens',
  async (t) => {
    const before = await startService(t, WARM)
    await makeHot(before, HOT, OTHER)
    // It notes them when it stops.
    await before.close()
    const service = await startService(t, WARM)
    await service.app.warmUp(30_000)
    t.ok(service.log.some(({ msg, keys }) => msg === 'cache warmed' && Number(keys) >= 2))
    for (const path of [HOT, OTHER]) {
      const { headers } = await send(service, path)
      t.equal(headers['x-cache'], 'HIT', path)
    }
    t.match(service.app.cache.counters, { misses: 0 })
  },
)

t.test('a start does not wait for it longer than it is told, nor fail by it', async (t) => {
  const service = await startService(t, WARM)
  const lock = service.database.connect()
  t.teardown(() => lock.end({ timeout: 0 }))
  await lock`begin`
  await lock`lock table cache_hot_urls`
  const began = performance.now()
  await service.app.warmUp(50)
  t.ok(performance.now() - began < 5000)
  t.equal((await send(service, HOT)).status, 200)
  await lock`rollback`
  await lock.end()
})

t.test('0 turns it off', async (t) => {
  const service = await startService(t, { ...WARM, CACHE_WARM_KEYS: '0' })
  await service.app.warmUp(1000)
  await makeHot(service, HOT)
  await send(service, '/cache/clear', { method: 'DELETE' })
  t.equal((await send(service, HOT)).headers['x-cache'], 'MISS')
  t.match(service.app.warmed, { warmed: 0, failed: 0 })
})
