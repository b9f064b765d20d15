// Requests that are no good as a whole: bodies, URLs, routes, and what is not even HTTP. Each is answered with a problem.
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { detailOf, isProblem, send, type RawAnswer, type RawRequest } from '../../support/http.ts'

const DATABASE_URL = await createDatabase(await sharedPostgres(t))
const service = await startService(t, { DATABASE_URL })
const CLEAR = '/api/admin/cache/clear'
const JSON_TYPE = { 'content-type': 'application/json' }

const post = (body: string | Buffer | undefined, headers: Record<string, string> = JSON_TYPE) =>
  send(service, CLEAR, { method: 'POST', headers, ...(body === undefined ? {} : { body }) })

t.test('a body that is not valid', async (t) => {
  for (const body of [
    '{"pattern":',
    '{',
    'pattern=*',
    '{"a":1}x',
    "{'a':1}",
    '\u0000',
    '{"__proto__":{"pattern":"*"}}',
  ])
    isProblem(t, await post(body), 'invalid_body', [], JSON.stringify(body))
  isProblem(t, await post(Buffer.from([0x7b, 0xff, 0x7d])), 'invalid_body', [], 'invalid UTF-8')
  for (const body of ['[]', '"*"', '5', 'true', 'null'])
    isProblem(t, await post(body), 'invalid_body', ['body'], body)
  for (const body of ['{"pattern":5}', '{"pattern":null}', '{"pattern":["*"]}'])
    isProblem(t, await post(body), 'invalid_body', ['pattern'], body)
  const misspelt = await post('{"patern":"media:*"}')
  isProblem(t, misspelt, 'invalid_body', ['patern'])
  t.match(detailOf(misspelt), /^patern is not a field/)
  const many = Object.fromEntries(
    Array.from({ length: 2000 }, (_, index) => [`${index}${'x'.repeat(20)}`, 1]),
  )
  const answer = await post(JSON.stringify({ ...many, ['x'.repeat(5000)]: 1 }))
  t.match(JSON.parse(answer.body), { code: 'invalid_body', errors: [{ detail: /^is not a field/ }] })
  t.ok(answer.body.length < 5000, 'what is sent is not sent back at any length')
  isProblem(t, await post('{"a/b~c":1,"pattern":5}'), 'invalid_body', ['a/b~c', 'pattern'])
})

t.test('a pattern in a body or a query is refused alike', async (t) => {
  for (const pattern of ['', 'x'.repeat(65), 'é*', 'a\u0000']) {
    isProblem(
      t,
      await post(JSON.stringify({ pattern })),
      'invalid_parameter',
      ['pattern'],
      JSON.stringify(pattern),
    )
    const query = `/cache/clear?pattern=${encodeURIComponent(pattern)}`
    isProblem(
      t,
      await send(service, query, { method: 'DELETE' }),
      'invalid_parameter',
      ['pattern'],
      JSON.stringify(pattern),
    )
  }
  for (const query of ['pattern=a&pattern=b', 'pattern=a&pattern=a', 'pattern=&pattern=']) {
    const answer = await send(service, `/cache/clear?${query}`, { method: 'DELETE' })
    isProblem(t, answer, 'invalid_parameter', ['pattern'], query)
  }
  const both = await send(service, '/cache/clear?pattern=a&key=b', { method: 'DELETE' })
  isProblem(t, both, 'invalid_parameter', ['key'])
})

t.test('Redis hears nothing of what is refused', async (t) => {
  const redis = await sharedRedis(t)
  const withRedis = await startService(t, { DATABASE_URL, REDIS_URL: redis.url })
  const heard = async (): Promise<string[]> => {
    const calls = (await redis.client.info('commandstats')).matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)
    return [...calls]
      .map(([, command, count]) => `${command} ${count}`)
      .filter((text) => !text.startsWith('info'))
  }
  const clear = (query: string) => send(withRedis, `/cache/clear?${query}`, { method: 'DELETE' })
  t.equal((await clear('pattern=a*')).status, 200)
  const before = await heard()
  t.match(before.join(), /scan/, 'a good pattern is heard')
  for (const query of [
    'pattern=',
    'pattern=a&pattern=b',
    `pattern=${'x'.repeat(65)}`,
    'pattern=%00',
    'pattern=a&key=b',
  ])
    t.equal((await clear(query)).status, 400, query)
  for (const query of ['limit=0', 'cursor=AAAA', 'from=2020-02-30', 'symbol=%00'])
    t.equal((await send(withRedis, `/api/v1/volume?${query}`)).status, 400, query)
  t.strictSame(await heard(), before)
})

t.test('no body, said in any way, is no body', async (t) => {
  for (const answer of [
    await post(undefined, {}),
    await post(''),
    await post('', { 'content-type': 'application/json; charset=utf-8' }),
    await post('{}'),
    await send(service, '/cache/clear', { method: 'DELETE', headers: JSON_TYPE }),
  ]) {
    t.match(JSON.parse(answer.body), { success: true, pattern: '*' })
  }
})

t.test('a body of another type', async (t) => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'text/xml',
    'application/jsonx',
    'json',
    ';',
  ]) {
    isProblem(t, await post('{}', { 'content-type': type }), 'unsupported_media_type', [], type)
  }
  isProblem(t, await post('{}', {}), 'unsupported_media_type', [], 'none')
})

t.test('a body that is too large, announced or not', async (t) => {
  const body = JSON.stringify({ pattern: 'x'.repeat(70_000) })
  const announced = await post(body)
  isProblem(t, announced, 'body_too_large')
  t.match(detailOf(announced), '65536')
  isProblem(t, await post(body, { ...JSON_TYPE, 'transfer-encoding': 'chunked' }), 'body_too_large')
})

t.test('a URL that cannot be decoded', async (t) => {
  for (const path of ['/%zz', '/%', '/api/v1/media/%ff', '/api/v1/media/%c3%28', '/%E0%A4%A'])
    isProblem(t, await send(service, path), 'malformed_request', [], path)
})

t.test('a route that does not exist', async (t) => {
  for (const path of [
    '/',
    '//',
    '/nope',
    '/api/v1/volume/',
    '/API/v1/volume',
    '/api/v2/volume',
    '/.env',
    '/%2e%2e/x',
  ])
    isProblem(t, await send(service, path), 'route_not_found', [], path)
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])
    isProblem(t, await send(service, '/api/v1/volume', { method }), 'method_not_allowed', [], method)
  t.equal((await send(service, '/api/v1/volume', { method: 'PUT' })).headers.allow, 'GET, HEAD')
  t.equal((await send(service, '/api/v1/media/sources/x')).headers.allow, 'DELETE, PUT')
  const answer = await send(service, `/nope/${'x'.repeat(500)}?api_key=secret`)
  t.match(
    detailOf(answer),
    /^there is no GET \/nope\/x{94}; see \/docs$/,
    'what is sent is not sent back at any length',
  )
  t.equal(detailOf(await send(service, '/nope?api_key=secret')), 'there is no GET /nope; see /docs')
})

t.test('headers beyond every limit', async (t) => {
  const options: RawRequest = { headers: { 'x-large': 'x'.repeat(20_000) } }
  isProblem(t, await send(service, '/livez', options), 'headers_too_large')
  isProblem(t, await send(service, `/livez?${'x'.repeat(20_000)}`), 'headers_too_large')
})

t.test('what is not HTTP', async (t) => {
  for (const text of [
    'HELLO\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET /livez HTTP/1.1\r\nno colon\r\n\r\n',
    '\u0016\u0003\u0001',
  ])
    isProblem(t, await speak(text), 'malformed_request', [], JSON.stringify(text))
  const answer = await speak('POST /cache/clear HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n')
  isProblem(t, answer, 'malformed_request')
  t.equal(answer.headers.connection, 'close')
  t.equal((await send(service, '/livez')).status, 200, 'the service lives on')
})

/** Writes to the bare socket and reads the answer until the service closes. */
async function speak(text: string): Promise<RawAnswer> {
  const { port, hostname } = new URL(service.url)
  const socket = connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(text)
  await once(socket, 'close')
  const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n')
  const [status = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]))
  return { status: Number(status.split(' ')[1]), headers, body }
}
