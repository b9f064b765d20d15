// Hits that are answered before the framework sees them: the same in every header, and left to the framework where there is more to a request.
import t, { type Test } from 'tap'
import { until } from '../../support/until.ts'
import { sharedRedis } from '../../support/redis.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import {
  isProblem,
  send,
  startFilledDatabase,
  writeUnannounced,
  type RawAnswer,
  type RawRequest,
} from '../../support/http.ts'

const url = await startFilledDatabase(t)
const PATH = '/api/v1/media/latest?limit=2&_=1'
/** Makes no difference but for who answers. */
const BY_FRAMEWORK = { 'content-length': '0' }

interface Watched {
  service: TestService
  /** Sends a request, and says whether the framework was spared. */
  ask: (request?: RawRequest & { path?: string }) => Promise<RawAnswer & { isHot: boolean }>
}

async function begin(t: Test, settings: Record<string, string> = {}): Promise<Watched> {
  const service = await startService(t, { DATABASE_URL: url, ...settings })
  let isHot = false
  const { hotAnswers } = service.app
  if (hotAnswers !== null) {
    const answer = hotAnswers.answer.bind(hotAnswers)
    hotAnswers.answer = (...exchange) => (isHot = answer(...exchange))
  }
  const ask: Watched['ask'] = async ({ path = PATH, ...request } = {}) => {
    isHot = false
    const answer = await send(service, path, request)
    return { ...answer, isHot }
  }
  return { service, ask }
}

/** All that is not of the exchange, in the order in which it came. */
function comparable({ status, body, headers }: RawAnswer): unknown[] {
  const { date: _date, 'x-request-id': id, connection: _connection, 'keep-alive': _alive, ...rest } = headers
  // A second may end between two answers.
  const timed = {
    ...rest,
    age: typeof rest.age,
    'cache-status': String(rest['cache-status']).replace(/ttl=\d+/, ''),
  }
  return [status, body, Object.entries(timed).sort(), typeof id]
}

for (const settings of [{}, { CORS_ORIGINS: '*' }, { CORS_ORIGINS: 'https://app.example' }]) {
  t.test(`the same answer either way ${JSON.stringify(settings)}`, async (t) => {
    const { ask } = await begin(t, settings)
    t.equal((await ask()).isHot, false, 'a miss')
    t.equal((await ask()).isHot, false, 'the first hit is validated')
    const hot = await ask()
    t.equal(hot.isHot, true)
    t.equal(hot.headers['x-cache'], 'HIT')
    const slow = await ask({ headers: BY_FRAMEWORK })
    t.equal(slow.isHot, false)
    t.strictSame(comparable(hot), comparable(slow))
    t.match(hot.headers.link, /rel="next"/)
    const recalled = await ask()
    t.strictSame(
      comparable(recalled),
      comparable(slow),
      'its head is taken over from the first, from then on',
    )
    t.match(recalled.headers, { date: /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/, connection: /.*/ })
    t.strictSame(Object.keys(recalled.headers).sort(), Object.keys(hot.headers).sort())

    const conditional = { 'If-None-Match': `"other", W/${hot.headers.etag!}` }
    const known = await ask({ headers: conditional })
    t.strictSame([known.isHot, known.status, known.body], [true, 304, ''])
    t.strictSame(comparable(await ask({ headers: conditional })), comparable(known))
    t.strictSame(comparable(known), comparable(await ask({ headers: { ...conditional, ...BY_FRAMEWORK } })))
    t.equal((await ask({ headers: { 'if-none-match': '"other"' } })).status, 200)
  })
}

t.test('a connection that is to end ends, and says so', async (t) => {
  const { ask } = await begin(t)
  for (let times = 0; times < 3; times += 1) await ask()
  const last = await ask({ headers: { connection: 'close' } })
  t.strictSame([last.isHot, last.headers.connection, last.headers['keep-alive']], [true, 'close', undefined])
  const next = await ask()
  t.strictSame([next.isHot, next.headers.connection], [true, 'keep-alive'], 'the one after does not')
})

t.test('without a memory tier hits come from Redis the same way', async (t) => {
  const redis = await sharedRedis(t)
  const { service, ask } = await begin(t, {
    REDIS_URL: redis.url,
    CACHE_MEMORY_MAX_MB: '0',
    ...PATIENT_REDIS,
  })
  const miss = await ask()
  await until('it in Redis', () => redis.client.dbsize())
  const slow = await ask()
  t.strictSame([slow.isHot, slow.headers['x-cache'], slow.body], [false, 'HIT', miss.body])
  for (let times = 0; times < 3; times += 1) {
    const hot = await ask()
    t.equal(hot.isHot, true)
    t.strictSame(comparable(hot), comparable(slow))
  }
  t.equal((await ask({ headers: { 'if-none-match': slow.headers.etag! } })).status, 304)
  await send(service, '/cache/clear', { method: 'DELETE' })
  t.equal((await ask()).headers['x-cache'], 'MISS', 'the framework loads')
})

t.test('a request id is kept when it is clean, and made when not', async (t) => {
  const { ask } = await begin(t)
  await ask()
  await ask()
  const kept = await ask({ headers: { 'X-Request-ID': 'of-the-client.1' } })
  t.strictSame([kept.isHot, kept.headers['x-request-id']], [true, 'of-the-client.1'])
  const made = await ask({ headers: { 'x-request-id': 'not clean' } })
  t.equal(made.isHot, true)
  t.match(made.headers['x-request-id'], /^[0-9a-f-]{36}$/)
  t.not((await ask()).headers['x-request-id'], (await ask()).headers['x-request-id'])
})

t.test('it is judged like any other: a clear, a new answer', async (t) => {
  const { service, ask } = await begin(t)
  const first = await ask()
  await ask()
  t.equal((await ask()).isHot, true)
  await writeUnannounced(
    service,
    `update media_articles set title = 'Corrected' where id = (
       select id from media_articles order by published_at desc, id desc limit 1)`,
  )
  t.equal((await ask()).body, first.body)
  await send(service, '/cache/clear?pattern=media:*', { method: 'DELETE' })
  const after = await ask()
  t.strictSame([after.isHot, after.headers['x-cache']], [false, 'MISS'])
  t.match(after.body, /Corrected/)
  const hot = await ask()
  t.strictSame(
    [hot.isHot, hot.headers.etag, hot.body],
    [true, after.headers.etag, after.body],
    'known by its URL',
  )
  const { memory_hits: before } = (await service.app.cache.stats()) as { memory_hits: number }
  await ask()
  const stats = await service.app.cache.stats()
  t.equal(stats.memory_hits, before + 1, 'counted once')
})

t.test('it lives no longer than any other', async (t) => {
  const { service, ask } = await begin(t, { CACHE_TTL_MEDIA: '1' })
  await ask()
  await ask()
  await writeUnannounced(
    service,
    `update media_articles set title = 'Late' where id = (
       select id from media_articles order by published_at desc, id desc limit 1)`,
  )
  await until('what was written', async () => (await ask()).body.includes('Late'))
})

t.test('whatever is more than a hit is left to the framework', async (t) => {
  const { service, ask } = await begin(t, { CORS_ORIGINS: 'https://app.example' })
  await ask()
  await ask()
  const origin = await ask({ headers: { origin: 'https://app.example' } })
  t.strictSame([origin.isHot, origin.headers['access-control-allow-origin']], [false, 'https://app.example'])
  t.equal((await ask({ method: 'HEAD' })).isHot, false)
  const manyHeaders = Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [`a${index}`, ''] as const),
  )
  for (const [headers, status] of [
    [{ 'if-match': '"other"' }, 412],
    [{ upgrade: 'h2c' }, 200],
    [{ host: 'a b' }, 400],
    [manyHeaders, 431],
  ] as const) {
    const answer = await ask({ headers })
    t.strictSame([answer.isHot, answer.status], [false, status])
  }
  t.equal((await ask({ method: 'POST' })).status, 405)
  t.equal((await ask({ path: PATH.replace('limit', '%6cimit') })).isHot, false, 'another spelling')
  t.equal((await ask({ path: `${PATH}&limit=3` })).status, 400)
  t.equal((await ask({ path: `${PATH}&limit=3` })).status, 400)
  t.equal((await ask()).isHot, true)
  service.app.log.level = 'debug'
  t.equal((await ask()).isHot, false)
  t.ok(
    service.log.some(({ msg, outcome }) => msg === 'cache' && outcome === 'HIT'),
    'the line of a hit',
  )
  service.app.log.level = 'info'
  t.equal((await ask()).isHot, true)
})

t.test('nothing is known by its URL where each read needs a key', async (t) => {
  const hash = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
  const { service, ask } = await begin(t, { API_KEYS: `reader:read:${hash}`, REQUIRE_READ_KEY: 'true' })
  const headers = { 'x-api-key': 'test' }
  for (let times = 0; times < 3; times += 1) {
    const answer = await ask({ headers })
    t.strictSame([answer.status, answer.headers['cache-control']], [200, 'private, no-cache'])
  }
  t.equal(service.app.hotAnswers, null)
  isProblem(t, await ask(), 'key_required')
})

t.test('a service that stops tells so on hits too', async (t) => {
  const { service, ask } = await begin(t, { STOP_DRAIN_MS: '2000' })
  await ask()
  await ask()
  t.equal((await ask()).isHot, true)
  const drained = service.app.drain(5000)
  const last = await ask()
  t.strictSame([last.status, last.isHot, last.headers.connection], [200, false, 'close'])
  await drained
})
