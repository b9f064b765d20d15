// Answers that are asked for again are compressed once, in the background, and go as they are stored to clients that take them so.
import { request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { until } from '../../support/until.ts'
import { sharedRedis } from '../../support/redis.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import { startFilledDatabase } from '../../support/http.ts'

const url = await startFilledDatabase(t)
const redis = await sharedRedis(t)
const PATH = '/api/v1/media/latest?limit=20'
const GZIP = { 'accept-encoding': 'gzip, deflate, br' }
/** Makes no difference but for who answers: in front of the framework, or it. */
const WAYS = { hot: {}, framework: { 'content-length': '0' } }

interface Answer {
  status: number
  headers: Record<string, string | undefined>
  body: Buffer
}

/** Unlike fetch, leaves the body as it came, and asks for no coding by itself. */
function ask(
  service: TestService,
  headers: Record<string, string> = {},
  method = 'GET',
  path = PATH,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(service.url + path, { method, headers }, (response) => {
      buffer(response).then(
        (body) =>
          resolve({ status: response.statusCode!, headers: response.headers as Answer['headers'], body }),
        reject,
      )
    })
      .on('error', reject)
      .end()
  })
}

/** Until the compressed answer is at hand, and its URL is known. */
async function warm(service: TestService): Promise<Answer> {
  const first = await ask(service, GZIP)
  await until(
    'it to be compressed',
    async () => (await ask(service, GZIP)).headers['content-encoding'] === 'gzip',
  )
  return first
}

t.test('the first answers go out as they are, later ones compressed to who takes them', async (t) => {
  const service = await startService(t, { DATABASE_URL: url })
  const first = await warm(service)
  t.equal(first.headers['x-cache'], 'MISS')
  t.equal(first.headers['content-encoding'], undefined)
  for (const [name, more] of Object.entries(WAYS)) {
    const compressed = await ask(service, { ...GZIP, ...more })
    t.match(
      compressed.headers,
      { 'content-encoding': 'gzip', vary: 'accept-encoding', 'x-cache': 'HIT' },
      name,
    )
    t.equal(compressed.headers['content-length'], String(compressed.body.length))
    t.ok(
      compressed.body.length < first.body.length / 2,
      `${compressed.body.length} of ${first.body.length} bytes`,
    )
    t.same(gunzipSync(compressed.body), first.body)
    const plain = await ask(service, more)
    t.equal(plain.headers['content-encoding'], undefined)
    t.same(plain.body, first.body)
    t.equal(plain.headers.etag, first.headers.etag)
    t.not(compressed.headers.etag, plain.headers.etag, 'a strong tag a coding')
  }
})

t.test('what a client takes is what it says', async (t) => {
  const service = await startService(t, { DATABASE_URL: url })
  await warm(service)
  const expected = {
    gzip: 'gzip',
    GZIP: 'gzip',
    '*': 'gzip',
    'br;q=1.0, gzip;q=0.8, *;q=0.1': 'gzip',
    identity: undefined,
    'gzip;q=0': undefined,
    'gzip;q=0, *': undefined,
    '*, GZIP ; Q=0.000': undefined,
    '*;q=0': undefined,
    'gzip;q=0.01, *;q=0': 'gzip',
    br: undefined,
    'gzip;q=0.2, identity;q=0.9': undefined,
    '': undefined,
    ';;,': undefined,
    [`gzip;x=${'y'.repeat(300)}`]: undefined,
  }
  for (const [accepted, coding] of Object.entries(expected)) {
    for (const more of Object.values(WAYS)) {
      const { headers, status } = await ask(service, { 'accept-encoding': accepted, ...more })
      t.strictSame([status, headers['content-encoding']], [200, coding], accepted.slice(0, 40))
    }
  }
})

t.test('a client that has the answer in either coding is told so', async (t) => {
  const service = await startService(t, { DATABASE_URL: url })
  await warm(service)
  const tags = [(await ask(service)).headers.etag!, (await ask(service, GZIP)).headers.etag!]
  for (const more of Object.values(WAYS)) {
    for (const accepted of [{}, GZIP]) {
      for (const etag of tags) {
        const known = await ask(service, { ...accepted, ...more, 'if-none-match': `"x", ${etag}` })
        t.strictSame([known.status, known.headers.etag, known.body.length], [304, etag, 0])
        t.equal(known.headers['content-encoding'], undefined)
      }
    }
  }
})

t.test('HEAD says what GET would', async (t) => {
  const service = await startService(t, { DATABASE_URL: url })
  await warm(service)
  for (const accepted of [{}, GZIP]) {
    const [get, head] = [await ask(service, accepted), await ask(service, accepted, 'HEAD')]
    t.equal(head.body.length, 0)
    for (const name of ['content-length', 'content-encoding', 'etag'])
      t.equal(head.headers[name], get.headers[name], name)
  }
})

t.test('in Redis it is compressed, and comes back for everybody', async (t) => {
  const settings = { DATABASE_URL: url, REDIS_URL: redis.url, CACHE_PREFIX: 'compressed', ...PATIENT_REDIS }
  const first = await startService(t, settings)
  const { body } = await warm(first)
  const [key] = await redis.client.keys('compressed:v2:media:list:*')
  await until('it to be so', async () => (await redis.client.strlen(key!)) < body.length / 2)
  t.ok((await redis.client.pttl(key!)) > 0, 'with an end, as before')
  const second = await startService(t, settings)
  const plain = await ask(second)
  t.equal(plain.headers['x-cache'], 'HIT')
  t.same(plain.body, body, 'inflated')
  const third = await startService(t, { ...settings, CACHE_MEMORY_MAX_MB: '0' })
  for (let times = 0; times < 2; times += 1) {
    const compressed = await ask(third, GZIP)
    t.match(compressed.headers, { 'x-cache': 'HIT', 'content-encoding': 'gzip' })
    t.same(gunzipSync(compressed.body), body)
  }
})

t.test('what fits into a packet stays as it is', async (t) => {
  const service = await startService(t, {
    DATABASE_URL: url,
    REDIS_URL: redis.url,
    CACHE_PREFIX: 'small',
    REDIS_COMMAND_TIMEOUT_MS: '2000',
  })
  const path = '/api/v1/score/latest'
  await ask(service, GZIP, 'GET', path)
  await until('it in Redis', async () => (await redis.client.keys('small:v2:*')).length > 0)
  for (let times = 0; times < 3; times += 1) {
    const { headers } = await ask(service, GZIP, 'GET', path)
    t.strictSame([headers['x-cache'], headers['content-encoding']], ['HIT', undefined])
  }
})
