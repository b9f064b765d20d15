// Who may do what: without keys only direct local requests change something; with keys each scope opens its own routes.
import { createHash } from 'node:crypto'
import t from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { detailOf, isProblem, send, type RawRequest } from '../../support/http.ts'

const DATABASE_URL = await createDatabase(await sharedPostgres(t))
const open = await startService(t, { DATABASE_URL })

const CLEARS: [path: string, method: string][] = [
  ['/cache/clear', 'DELETE'],
  ['/api/v1/media/cache/clear', 'DELETE'],
  ['/api/admin/cache/clear', 'POST'],
]
const READS = ['/api/v1/media/latest', '/api/v1/media/sources', '/cache/stats', '/api/v1/media/cache/stats']
const OPEN = ['/livez', '/readyz', '/openapi.json', '/docs', '/docs/static/swagger-ui.css']

/** A clear that PostgreSQL is late to note is answered 202. */
const letIn = (status: number): boolean => status === 200 || status === 202

const NOT_LOCAL: [why: RegExp, headers: Record<string, string>][] = [
  [/proxy/, { 'x-forwarded-for': '127.0.0.1' }],
  [/proxy/, { 'x-forwarded-for': '' }],
  [/proxy/, { forwarded: 'for=127.0.0.1' }],
  [/Host/, { host: 'evil.example' }],
  [/Host/, { host: '127.0.0.1.evil.example' }],
  [/Host/, { host: 'localhost.evil.example:8001' }],
  [/Host/, { host: '0x7f.1' }],
  [/web page/, { origin: 'https://evil.example' }],
  [/web page/, { origin: 'null' }],
  [/web page/, { origin: 'http://localhost:1' }],
  [/web page/, { origin: 'http://127.0.0.1' }],
]

t.test('without keys, a direct local request changes something, and the log says who', async (t) => {
  const { host } = new URL(open.url)
  const port = host.split(':')[1] ?? ''
  for (const [path, method] of CLEARS) {
    for (const headers of [
      {},
      { origin: open.url },
      { host: `localhost:${port}` },
      { host: `[::1]:${port}` },
    ]) {
      const { status } = await send(open, path, { method, headers })
      t.equal(letIn(status), true, `${path} ${JSON.stringify(headers)}: ${status}`)
    }
  }
  t.match(open.log.at(-1), { msg: 'cache cleared', actor: 'loopback' })
})

t.test('without keys, any other request changes nothing, and is told why', async (t) => {
  const path = '/api/v1/media/latest?limit=3'
  await send(open, path)
  for (const [why, headers] of NOT_LOCAL) {
    for (const [clear, method] of CLEARS) {
      const answer = await send(open, clear, { method, headers })
      isProblem(t, answer, 'protected_mode', [], `${clear} ${JSON.stringify(headers)}`)
      t.match(detailOf(answer), why)
      t.match(detailOf(answer), /API_KEYS/)
    }
    for (const read of READS) t.equal((await send(open, read, { headers })).status, 200, 'reading is open')
  }
  t.equal((await send(open, path)).headers['x-cache'], 'HIT', 'nothing was cleared')
})

t.test('without keys, another machine changes nothing', async (t) => {
  const clearFrom = (remoteAddress: string) =>
    open.app.inject({ method: 'DELETE', url: '/cache/clear', remoteAddress, headers: { host: 'localhost' } })
  for (const address of [
    '10.0.0.7',
    '192.168.1.2',
    '::ffff:10.0.0.7',
    'fe80::1',
    '128.0.0.1',
    '2127.0.0.1',
  ]) {
    const answer = await clearFrom(address)
    t.match(answer.json(), { status: 403, code: 'protected_mode', detail: /another machine/ }, address)
  }
  for (const address of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])
    t.equal(letIn((await clearFrom(address)).statusCode), true, address)
})

t.test('without keys and behind a proxy that is trusted, nothing changes anything', async (t) => {
  const behind = await startService(t, { DATABASE_URL, TRUST_PROXY: 'true' })
  for (const headers of [{}, { 'x-forwarded-for': '127.0.0.1' }]) {
    const answer = await send(behind, '/cache/clear', { method: 'DELETE', headers })
    isProblem(t, answer, 'protected_mode')
    t.match(detailOf(answer), /TRUST_PROXY/)
  }
  t.equal((await send(behind, '/cache/stats')).status, 200)
})

/** Names and keys at once. */
const SCOPES_OF = {
  'reader-key': 'read',
  'watcher-key': 'stats',
  'operator-key': 'ops',
  'loader-key': 'ingest',
  'every-key': 'read+stats+ops+ingest+analyse',
}
const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex')
const API_KEYS = Object.entries(SCOPES_OF)
  .map(([key, scopes]) => `${key}:${scopes}:${hashOf(key)}`)
  .join(',')
const keyed = await startService(t, { DATABASE_URL, API_KEYS, TRUST_PROXY: 'true' })
const closed = await startService(t, { DATABASE_URL, API_KEYS, REQUIRE_READ_KEY: 'true' })

t.test('with keys, none or a wrong one is a 401 that says how to send one', async (t) => {
  const key = 'operator-key'
  const wrong: Record<string, string>[] = [
    { authorization: 'Bearer wrong' },
    { authorization: `Bearer ${key.slice(0, -1)}` },
    { authorization: `Bearer ${key}x` },
    { authorization: `Bearer ${key.toUpperCase()}` },
    { authorization: `Bearer ${hashOf(key)}` },
    { authorization: `Bearer ${'x'.repeat(4000)}` },
    { 'x-api-key': 'x' },
    { 'x-api-key': `${key}, ${key}` },
    { authorization: 'Bearer wrong', 'x-api-key': key },
  ]
  const none: Record<string, string>[] = [
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: `Basic ${Buffer.from(`user:${key}`).toString('base64')}` },
    { authorization: key },
    { authorization: `Bearer ${key} ${key}` },
    { 'x-api-key': '' },
    { cookie: `x-api-key=${key}` },
  ]
  for (const [path, method] of [...CLEARS, ['/cache/stats', 'GET']] as const) {
    for (const [code, cases] of [
      ['key_invalid', wrong],
      ['key_required', none],
    ] as const) {
      for (const [index, headers] of cases.entries()) {
        // As many clients as there are cases, so that none of them has too many wrong keys.
        const client = { 'x-forwarded-for': `10.0.0.${index}` }
        const answer = await send(keyed, path, { method, headers: { ...headers, ...client } })
        isProblem(t, answer, code, [], `${method} ${path} ${JSON.stringify(headers).slice(0, 60)}`)
        t.equal(answer.headers['www-authenticate'], 'Bearer')
        t.notMatch(answer.body, key, 'what was sent is not repeated')
      }
    }
  }
  isProblem(t, await send(keyed, `/cache/clear?x-api-key=${key}`, { method: 'DELETE' }), 'key_required')
})

t.test('with keys, a scope opens its routes and no others', async (t) => {
  const routes: [path: string, method: string, scope: string][] = [
    ...CLEARS.map(([path, method]) => [path, method, 'ops'] as [string, string, string]),
    ['/cache/stats', 'GET', 'stats'],
    ['/cache/stats', 'HEAD', 'stats'],
    ['/api/v1/media/cache/stats', 'GET', 'stats'],
    ['/api/admin/cache/stats', 'GET', 'stats'],
    ['/api/v1/media/latest', 'GET', 'read'],
    ['/api/v1/media/latest', 'HEAD', 'read'],
  ]
  for (const [key, scopes] of Object.entries(SCOPES_OF)) {
    for (const [path, method, scope] of routes) {
      const allowed = scopes.split('+').includes(scope)
      for (const headers of asHeaders(key)) {
        const answer = await send(closed, path, { method, headers })
        t.ok(
          allowed ? letIn(answer.status) : answer.status === 403,
          `${key} ${method} ${path}: ${answer.status}`,
        )
        if (allowed || method === 'HEAD') continue
        isProblem(t, answer, 'scope_missing')
        t.match(detailOf(answer), `${key} lacks the scope ${scope}`, 'by its name')
      }
    }
  }
  const actors = closed.log.filter((line) => line.msg === 'cache cleared').map((line) => line['actor'])
  t.strictSame(new Set(actors), new Set(['operator-key', 'every-key']), 'the log names the key')
})

t.test('with keys, reads stay open, whatever key comes along', async (t) => {
  for (const headers of [{}, { authorization: 'Bearer wrong' }, { 'x-api-key': 'watcher-key' }]) {
    const answer = await send(keyed, '/api/v1/media/latest', { headers })
    t.strictSame([answer.status, answer.headers['cache-control']], [200, 'no-cache'])
  }
})

/** Of the service, for clients that know it by these names. */
const STATES = ['/api/v1/health/ping', '/api/v1/monitoring/health']

t.test('REQUIRE_READ_KEY closes every route of the document but health', async (t) => {
  const { paths } = closed.app.swagger() as unknown as {
    paths: Record<string, Record<string, { tags: string[] }>>
  }
  let asked = 0
  for (const [template, operations] of Object.entries(paths)) {
    const path = template.replace('{id}', '1')
    for (const [name, { tags }] of Object.entries(operations)) {
      const method = name.toUpperCase()
      // An answer without an end has a head all the same.
      const briefly = method === 'GET' ? 'HEAD' : method
      const answer = await send(closed, path, { method })
      // It does nothing, and says so to everybody.
      if (path === '/api/v1/scheduler/trigger') continue
      if (tags.includes('health') || STATES.includes(path)) {
        t.equal(answer.status, 200, path)
        continue
      }
      isProblem(t, answer, 'key_required', [], path)
      t.equal((await send(closed, path, { method: briefly })).status, 401)
      const [headers = {}] = asHeaders('every-key')
      t.notOk([401, 403].includes((await send(closed, path, { method: briefly, headers })).status), path)
      asked++
    }
  }
  t.ok(asked >= 13)
  for (const path of OPEN) t.equal((await send(closed, path)).status, 200, path)
})

t.test('an answer that needs a key is private, a 304 too', async (t) => {
  const [headers = {}] = asHeaders('reader-key')
  const answer = await send(closed, '/api/v1/media/latest', { headers })
  t.strictSame([answer.status, answer.headers['cache-control']], [200, 'private, no-cache'])
  const match = { ...headers, 'if-none-match': String(answer.headers.etag) }
  const unchanged = await send(closed, '/api/v1/media/latest', { headers: match })
  t.strictSame([unchanged.status, unchanged.headers['cache-control']], [304, 'private, no-cache'])
  const bare = { 'if-none-match': String(answer.headers.etag) }
  t.equal(
    (await send(closed, '/api/v1/media/latest', { headers: bare })).status,
    401,
    'the tag opens nothing',
  )
})

t.test('a refused request is refused before its input is looked at', async (t) => {
  isProblem(t, await send(closed, '/api/v1/volume?limit=x'), 'key_required')
  const options: RawRequest = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' }
  isProblem(t, await send(closed, '/api/admin/cache/clear', options), 'key_required')
})

t.test('no key reaches the log', (t) => {
  t.notMatch(JSON.stringify([...keyed.log, ...closed.log]), /wrong|Bearer|[0-9a-f]{64}/)
  t.end()
})

/** Every way to send a key. */
function asHeaders(key: string): Record<string, string>[] {
  return [{ authorization: `Bearer ${key}` }, { authorization: `bearer  ${key}` }, { 'x-api-key': key }]
}
