// Clearing over HTTP while Redis or the clear log is away: what is answered, and what holds when they are back.
import t, { type Test } from 'tap'
import { createDatabase } from '../../support/databases.ts'
import { POLICY } from '../../support/life.ts'
import { startPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const PATH = '/api/v1/media/latest?limit=7'
const KEY = 'media:list:limit=7&order=desc'
const BODY = { body: Buffer.from('{}') }

const postgres = await startPostgres(t)
const redis = await startRedis(t, { args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
const database = await createDatabase(postgres)
t.beforeEach(() => redis.client.flushall())

interface Answer {
  code?: string
  detail?: string
  deleted?: number
  seq?: number | null
  count?: number
  complete?: boolean
  message?: string
  pending?: boolean
}

interface Clear {
  completed_at: string | null
  took_ms: number | null
}

function begin(t: Test, settings: Record<string, string> = {}): Promise<TestService> {
  return startService(t, { DATABASE_URL: database, REDIS_URL: redis.url, ...PATIENT_REDIS, ...settings })
}

async function clear({ app }: TestService, query: Record<string, string> = {}): Promise<[number, Answer]> {
  const url = `/cache/clear?${new URLSearchParams(query).toString()}`
  const response = await app.inject({ method: 'DELETE', url })
  return [response.statusCode, response.json<Answer>()]
}

async function outcome(service: TestService): Promise<string | null> {
  return (await service.get(PATH)).headers.get('x-cache')
}

async function isStored(): Promise<void> {
  await until(`${KEY} in Redis`, () => redis.client.exists(`barometer:v2:${KEY}`))
}

t.test('with Redis away a clear says so, and holds when Redis is back', async (t) => {
  const service = await begin(t)
  await service.get(PATH)
  await isStored()
  await redis.kill()
  await until('that to be noticed', async () => (await service.app.cache.stats()).status === 'degraded')
  const [status, { deleted, message }] = await clear(service)
  t.strictSame([status, deleted], [200, 1], 'from memory')
  t.match(message, /Redis was away/)
  await redis.restart()
  await until('Redis to be back', async () => (await service.app.cache.stats()).status === 'connected')
  t.equal(await redis.client.exists(`barometer:v2:${KEY}`), 1, 'Redis kept it')
  t.equal(await outcome(service), 'MISS')
})

t.test('what max cannot be held to is not cleared', async (t) => {
  const service = await begin(t)
  await service.app.cache.set('media:a', POLICY, BODY)
  await service.app.cache.set('media:b', POLICY, BODY)
  await redis.kill()
  const noted = () => service.database.pool`select count(*) as clears from cache_clears`
  const before = await noted()
  for (const query of [{ pattern: 'media:*' }, { key: 'media:a' }]) {
    const url = `/cache/clear?${new URLSearchParams({ ...query, max: '10' }).toString()}`
    const response = await service.app.inject({ method: 'DELETE', url })
    t.match([response.statusCode, response.json<Answer>()], [503, { code: 'shared_cache_unavailable' }])
    t.ok(response.headers['retry-after'])
  }
  t.match(
    await clear(service, { pattern: 'media:*', max: '1' }),
    [409, { detail: /at least 2 keys/ }],
    'of memory alone',
  )
  t.same(await noted(), before)
  t.match(await clear(service, { pattern: 'media:*', dry_run: 'true' }), [
    200,
    { count: 2, complete: false, message: /at least 2 keys/ },
  ])
  t.match(await clear(service, { pattern: 'media:*' }), [200, { deleted: 2 }], 'and without max it works')
  await redis.restart()
})

t.test('with the clear log away the answer is 202 and pending, and the clear holds', async (t) => {
  const service = await begin(t, { DATABASE_STATEMENT_TIMEOUT_MS: '300' })
  await until('an answer', async () => (await service.get(PATH)).status === 200)
  await isStored()
  postgres.pause()
  t.match(await clear(service, { reason: 'now or never' }), [
    202,
    { success: true, deleted: 1, pending: true, seq: null, message: /as soon as it does/ },
  ])
  t.equal((await service.get(PATH)).status, 503, 'the old answer is gone, and there is no new one')
  postgres.resume()
  await until('reads to be kept again', async () => (await outcome(service)) === 'HIT')
  const noted = await until('it in the log, with its reason', async () => {
    const response = await service.get('/cache/clears')
    if (response.status !== 200) return undefined
    const { data } = (await response.json()) as { data: (Clear & { reason: string | null })[] }
    return data.find(({ reason, completed_at }) => reason === 'now or never' && completed_at !== null)
  })
  t.match(noted, { deleted: 1, actor: 'loopback', instances: null })
  t.ok((noted?.took_ms ?? 0) >= 800, 'as long as it was owed')
  t.match(await clear(service), [200, { pending: false }])
})
