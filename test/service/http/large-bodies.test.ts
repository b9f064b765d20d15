// Large answers are compressed for the first who takes them so, however the answer came about; small ones wait for nobody.
import { request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { until } from '../../support/until.ts'
import { startFilledDatabase } from '../../support/http.ts'
import { sharedRedis } from '../../support/redis.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'

const DATABASE_URL = await startFilledDatabase(t)
const LARGE = '/api/v1/volume?limit=500'
const GZIP = { 'accept-encoding': 'gzip' }
/** Makes no difference but for who answers: the framework, also where the URL is known. */
const BY_FRAMEWORK = { 'content-length': '0' }

interface Answer {
  came: string
  coding: string | undefined
  sent: number
  text: string
  etag: string
}

/** Unlike fetch, takes no coding unless told to. */
function ask(
  service: TestService,
  headers: Record<string, string> = {},
  path = LARGE,
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(service.url + path, { method, headers }, (response) => {
      const { 'x-cache': came, 'content-encoding': coding, etag = '' } = response.headers
      buffer(response).then((bytes) => {
        const text = (coding === 'gzip' && method === 'GET' ? gunzipSync(bytes) : bytes).toString()
        resolve({ came: String(came), coding, sent: bytes.length, text, etag })
      }, reject)
    })
      .on('error', reject)
      .end()
  })
}

t.test('whoever loads one gets it compressed, and so does everybody after', async (t) => {
  const service = await startService(t, { DATABASE_URL })
  const plain = await ask(service, {}, `${LARGE}&_=plain`)
  t.ok(plain.sent > 32 * 1024, `${plain.sent} bytes`)
  await service.app.cache.deletePattern('*', 'test')
  for (const came of ['MISS', 'HIT', 'HIT']) {
    const answer = await ask(service, GZIP)
    t.match(answer, { came, coding: 'gzip', text: plain.text })
    t.ok(answer.sent < plain.sent / 3, `${answer.sent} bytes`)
  }
  t.match(await ask(service), { came: 'HIT', coding: undefined, text: plain.text, etag: plain.etag })
})

t.test('after those who take no coding, the first who does', async (t) => {
  for (const [way, times, headers] of [
    ['validated', 1, GZIP],
    ['by the framework', 3, { ...GZIP, ...BY_FRAMEWORK }],
    ['in front of it', 3, GZIP],
  ] as const) {
    const service = await startService(t, { DATABASE_URL })
    let plain = await ask(service)
    for (let before = 1; before < times; before += 1) plain = await ask(service)
    t.equal(plain.coding, undefined)
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(service, headers)))
    for (const answer of answers) t.match(answer, { came: 'HIT', coding: 'gzip', text: plain.text }, way)
    t.equal((await ask(service, GZIP, LARGE, 'HEAD')).coding, 'gzip')
  }
})

t.test('many at once share one load and one compression', async (t) => {
  const service = await startService(t, { DATABASE_URL })
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(service, GZIP)))
  for (const { coding, etag } of answers) t.strictSame([coding, etag], ['gzip', answers[0]!.etag])
  const mixed = await Promise.all(
    Array.from({ length: 20 }, (_, index) => ask(service, index % 2 ? GZIP : {}, `${LARGE}&order=asc`)),
  )
  t.strictSame(
    mixed.map(({ coding }) => coding),
    Array.from({ length: 20 }, (_, index) => (index % 2 ? 'gzip' : undefined)),
  )
  t.equal(new Set(mixed.map(({ text }) => text)).size, 1)
})

t.test('one that is too large to store is compressed, too', async (t) => {
  const service = await startService(t, { DATABASE_URL, CACHE_ENTRY_MAX_KB: '16' })
  for (let times = 0; times < 2; times += 1)
    t.match(await ask(service, GZIP), { came: 'BYPASS', coding: 'gzip' })
  t.equal((await ask(service)).coding, undefined)
})

t.test('Redis gets it compressed in the first place, and pages by cursor not at all', async (t) => {
  const redis = await sharedRedis(t)
  const shared = { DATABASE_URL, REDIS_URL: redis.url, CACHE_PREFIX: 'large', ...PATIENT_REDIS }
  const first = await startService(t, shared)
  const { text } = await ask(first, GZIP)
  await until('it in Redis', async () => (await redis.client.keys('large:v*:volume:list:*')).length > 0)
  const [key] = await redis.client.keys('large:v*:volume:list:*')
  t.ok((await redis.client.strlen(key!)) < text.length / 3, 'never stored as it is')
  const { pagination } = JSON.parse(text) as { pagination: { next_cursor: string } }
  const next = await ask(first, GZIP, `${LARGE}&cursor=${pagination.next_cursor}`)
  t.match(next, { came: 'MISS', coding: 'gzip' })
  t.equal((await redis.client.keys('large:v*:volume:list:*')).length, 1)

  // One that came there as it was, from whoever took no coding.
  await ask(first, {}, `${LARGE}&order=asc`)
  await until('it too', async () => (await redis.client.keys('large:v*:volume:list:*')).length > 1)
  const without = await startService(t, { ...shared, CACHE_MEMORY_MAX_MB: '0' })
  for (let times = 0; times < 3; times += 1)
    t.match(await ask(without, GZIP, `${LARGE}&order=asc`), { came: 'HIT', coding: 'gzip' })
})

t.test('what is small goes out as it is first, for nobody is made to wait for it', async (t) => {
  const service = await startService(t, { DATABASE_URL })
  t.match(await ask(service, GZIP, '/api/v1/media/latest?limit=20'), { came: 'MISS', coding: undefined })
})
