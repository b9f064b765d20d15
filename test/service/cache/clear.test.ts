// Clearing over HTTP: every address and form, what is deleted and counted, and what is refused without clearing anything.
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { compileGlob } from '../../../src/cache/glob.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import { POLICY } from '../../support/life.ts'
import { until } from '../../support/until.ts'

const SEED = 20_251_006
const PATH = '/api/v1/media/latest?limit=7'
const KEY = 'media:list:limit=7&order=desc'
const BODY = { body: Buffer.from('{}') }

const postgres = await sharedPostgres(t)
const redis = await sharedRedis(t)
const database = await createDatabase(postgres)

interface Cleared {
  success: boolean
  deleted: number
  pattern: string | null
  key?: string
  message: string
  scope: string
  pending: boolean
  code?: string
}

function begin(t: Test, settings: Record<string, string> = {}): Promise<TestService> {
  return startService(t, { DATABASE_URL: database, REDIS_URL: redis.url, ...PATIENT_REDIS, ...settings })
}

interface Sent {
  method?: 'DELETE' | 'POST'
  url: string
  body?: string
}

async function send(
  { app }: TestService,
  { method = 'DELETE', url, body }: Sent,
): Promise<[number, Cleared]> {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' }
  const response = await app.inject({
    method,
    url,
    headers,
    ...(body === undefined ? {} : { payload: body }),
  })
  return [response.statusCode, response.json<Cleared>()]
}

function clear(service: TestService, query = ''): Promise<[number, Cleared]> {
  return send(service, { url: `/cache/clear${query}` })
}

async function outcome(service: TestService): Promise<string | null> {
  return (await service.get(PATH)).headers.get('x-cache')
}

async function isStored(key = KEY): Promise<void> {
  await until(`${key} in Redis`, () => redis.client.exists(`barometer:v2:${key}`))
}

t.beforeEach(() => redis.client.flushall())

t.test('each address clears, and the next read is a miss', async (t) => {
  const service = await begin(t)
  const ways: Sent[] = [
    { url: '/cache/clear' },
    { url: '/cache/clear?pattern=media:*' },
    { url: `/cache/clear?key=${encodeURIComponent(KEY)}` },
    { url: '/api/v1/media/cache/clear' },
    { url: '/api/v1/media/cache/clear?pattern=*list*' },
    { method: 'POST', url: '/api/admin/cache/clear' },
    { method: 'POST', url: '/api/admin/cache/clear', body: '' },
    { method: 'POST', url: '/api/admin/cache/clear', body: '{}' },
    { method: 'POST', url: '/api/admin/cache/clear', body: '{"pattern":"med??:*"}' },
  ]
  for (const way of ways) {
    t.equal(await outcome(service), 'MISS')
    await isStored()
    t.equal(await outcome(service), 'HIT')
    t.match(
      await send(service, way),
      [
        200,
        {
          success: true,
          deleted: 1,
          scope: 'fleet',
          instances: { confirmed: 1, expired: [] },
          pending: false,
        },
      ],
      way.url,
    )
    t.equal(await redis.client.dbsize(), 0)
  }
})

t.test('the answer says what was cleared, and so do the log and the audit table', async (t) => {
  const service = await begin(t)
  await service.get(PATH)
  await isStored()
  const response = await service.app.inject({ method: 'DELETE', url: '/cache/clear' })
  t.equal(response.headers['cache-control'], 'no-store')
  const [newest] = await service.database.pool`select max(seq) as seq from cache_clears`
  t.strictSame(response.json(), {
    success: true,
    deleted: 1,
    pattern: '*',
    message: '1 entry deleted',
    seq: Number(newest?.['seq']),
    scope: 'fleet',
    instances: { confirmed: 1, expired: [] },
    pending: false,
  })
  t.match(await clear(service, '?key=a'), [
    200,
    { deleted: 0, pattern: null, key: 'a', message: '0 entries deleted' },
  ])
  const lines = service.log.filter(({ msg }) => msg === 'cache cleared')
  t.match(lines, [
    { level: 30, kind: 'pattern', selector: '*', deleted: 1, actor: 'loopback' },
    { level: 30, kind: 'key', selector: 'a', deleted: 0, actor: 'loopback' },
  ])
  const noted = await service.database
    .pool`select kind, selector, actor from cache_clears order by seq desc limit 2`
  t.match(noted, [
    { kind: 'key', selector: 'a', actor: 'loopback' },
    { kind: 'pattern', selector: '*', actor: 'loopback' },
  ])
})

t.test('deleted is the number of distinct keys that matched, in Redis, in memory or in both', async (t) => {
  const service = await begin(t)
  const { cache } = service.app
  const places = fc.constantFrom('memory', 'Redis', 'both')
  const key = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*', '%', '^'), minLength: 1, maxLength: 4 })
  const pattern = fc.constantFrom('*', 'a*', '*b', '?', '[ab]*', '[^a]*', '\\*', 'a', '*:*', 'a\\*', '????')
  const property = fc.asyncProperty(
    fc.dictionary(key, places, { maxKeys: 12 }),
    pattern,
    async (keys, pattern) => {
      await clear(service)
      await redis.client.flushall()
      for (const [key, place] of Object.entries(keys)) {
        if (place === 'Redis') await redis.client.set(`barometer:v2:${key}`, 'x')
        else await cache.set(key, POLICY, BODY)
        if (place === 'memory') await redis.client.del(`barometer:v2:${key}`)
      }
      const [status, { deleted }] = await clear(service, `?pattern=${encodeURIComponent(pattern)}`)
      const matches = compileGlob(pattern)
      const left = Object.entries(keys).filter(([key]) => !matches(key))
      const expected = Object.keys(keys).length - left.length
      if (status !== 200 || deleted !== expected) throw new Error(`${deleted}, not ${expected}`)
      const inRedis = left.filter(([, place]) => place !== 'memory').map(([key]) => `barometer:v2:${key}`)
      const found = await redis.client.keys('*')
      if (found.sort().join() !== inRedis.sort().join()) throw new Error(`left in Redis: ${found.join()}`)
      const inMemory = left.filter(([, place]) => place !== 'Redis')
      if ((await cache.stats()).memory_cache_size !== inMemory.length)
        throw new Error('not what memory should keep')
    },
  )
  await fc.assert(property, { seed: SEED, numRuns: 60 })
})

t.test('key names one whole key: glob characters in it are characters', async (t) => {
  const service = await begin(t)
  const { cache } = service.app
  const keys = ['media:*', 'media:a', 'media:[a]', 'volume:latest:days=30&symbol=^GSPC', '\\*']
  for (const key of keys) await cache.set(key, POLICY, BODY)
  for (const [index, key] of keys.entries()) {
    const query = `?key=${encodeURIComponent(key)}`
    t.match(await clear(service, query), [200, { deleted: 1, key }], key)
    t.equal(await redis.client.dbsize(), keys.length - index - 1, 'the others are there')
    t.match(await clear(service, query), [200, { deleted: 0 }])
  }
})

t.test('thousands of keys go in batches, by UNLINK, and are counted once each', async (t) => {
  const service = await begin(t)
  const own = 5500
  const pipeline = redis.client.pipeline()
  for (let index = 0; index < own; index++) pipeline.set(`barometer:v2:media:list:cursor=${index}`, 'x')
  for (let index = 0; index < 2000; index++) pipeline.set(`session:${index}`, 'x')
  await pipeline.exec()
  await redis.client.config('RESETSTAT')
  t.match(await clear(service, '?pattern=media:*'), [200, { deleted: own }])
  t.equal(await redis.client.dbsize(), 2000)
  const stats = await redis.client.info('commandstats')
  const calls = (command: string) =>
    Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0)
  t.ok(
    calls('scan') >= 5 && calls('unlink') >= 5,
    `SCAN ${calls('scan')} times, UNLINK ${calls('unlink')} times`,
  )
  for (const command of ['keys', 'del', 'flushdb', 'flushall', 'eval'])
    t.equal(calls(command), 0, `no ${command}`)
})

t.test('what cannot be meant is refused, and clears nothing', async (t) => {
  const service = await begin(t)
  await service.get(PATH)
  const [before] = await service.database.pool`select count(*) as clears from cache_clears`
  const byQuery = [
    '?pattern=',
    '?key=',
    `?pattern=${'x'.repeat(65)}`,
    `?key=${'x'.repeat(2049)}`,
    '?pattern=a&key=b',
    '?pattern=a&pattern=b',
    '?pattern=%00',
    '?pattern=caf%C3%A9',
    '?key=a%0Ab',
  ]
  for (const query of byQuery) {
    for (const address of ['/cache/clear', '/api/v1/media/cache/clear'])
      t.match(await send(service, { url: address + query }), [400, { code: 'invalid_parameter' }], query)
  }
  const bodies = [
    '{"pattern":""}',
    '{"pattern":5}',
    '{"pattern":["*"]}',
    '{"patern":"media:*"}',
    '{"key":"a"}',
    '[]',
    '"*"',
    '{',
  ]
  for (const body of [...bodies, JSON.stringify({ pattern: 'x'.repeat(65) }), '{"pattern":"a\\u0000"}']) {
    const [status, { code }] = await send(service, { method: 'POST', url: '/api/admin/cache/clear', body })
    t.equal(status, 400, `${body}: ${code ?? ''}`)
  }
  t.equal(await outcome(service), 'HIT')
  t.same(await service.database.pool`select count(*) as clears from cache_clears`, [before])
})
