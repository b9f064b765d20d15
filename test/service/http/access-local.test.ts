// Protected mode against those who come over loopback and are not local: through proxies, by other names, in other words.
import t from 'tap'
import { renewed } from '../../support/renewed.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService, type TestService } from '../../support/service.ts'
import { apiKeys } from '../../support/api-keys.ts'
import { exchange, LAST, outcomes } from '../../support/raw.ts'
import { detailOf, isProblem, send } from '../../support/http.ts'

const DATABASE_URL = await createDatabase(await sharedPostgres(t))
const open = await startService(t, { DATABASE_URL })
const keyed = await startService(t, { DATABASE_URL, API_KEYS: apiKeys({ operator: 'ops' }) })
const ENTRY = '/api/v1/media/sources'
const CLEARS = [
  ['DELETE', '/cache/clear'],
  ['DELETE', '/api/v1/media/cache/clear'],
  ['POST', '/api/admin/cache/clear'],
] as const
const LINE = 'DELETE /cache/clear HTTP/1.1\r\n'
const HOST = 'host: localhost\r\n'

async function isIntact(service: TestService): Promise<boolean> {
  const cleared = service.log.some((line) => line.msg === 'cache cleared')
  await renewed(service.app.cache)
  return !cleared && (await send(service, ENTRY)).headers['x-cache'] === 'HIT'
}

t.before(async () => {
  for (const service of [open, keyed]) await send(service, ENTRY)
})

t.test('what a proxy adds gives it away', async (t) => {
  const added = [
    'forwarded',
    'via',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-forwarded-port',
  ]
  const names = [
    'x-forwarded',
    'x-real-ip',
    'x-client-ip',
    'client-ip',
    'x-cluster-client-ip',
    'x-original-url',
  ]
  for (const name of [
    ...added,
    ...names,
    'x-original-forwarded-for',
    'true-client-ip',
    'cf-connecting-ip',
    'X-Real-IP',
  ]) {
    for (const value of ['127.0.0.1', '::1', 'for=127.0.0.1', 'localhost', '']) {
      for (const [method, path] of CLEARS) {
        const answer = await send(open, path, { method, headers: { [name]: value } })
        isProblem(t, answer, 'protected_mode', [], `${name}: ${value}`)
        t.match(detailOf(answer), /proxy/)
      }
    }
  }
  t.ok(await isIntact(open))
})

t.test('a whole URL as the target is no direct request, whatever it names', async (t) => {
  for (const target of [
    'http://localhost',
    'http://evil.example',
    'https://127.0.0.1',
    'HTTP://[::1]:8001',
  ]) {
    const answers = await exchange(open, `DELETE ${target}/cache/clear HTTP/1.1\r\n${HOST}\r\n${LAST}`)
    t.strictSame(outcomes(answers).length, 2, target)
    t.match(outcomes(answers)[0], /^(403 protected_mode|404 route_not_found)$/, target)
  }
  t.ok(await isIntact(open))
})

t.test('a Host that is not there, stands twice or is of another version', async (t) => {
  for (const [request, answered] of [
    [`${LINE}${HOST}host: evil.example\r\n\r\n`, '400 malformed_request'],
    [`${LINE}host: evil.example\r\n${HOST}\r\n`, '400 malformed_request'],
    [`${LINE}host: evil.example\r\n\r\n`, '403 protected_mode'],
    [`${LINE}${HOST}${HOST}\r\n`, '400 malformed_request'],
    [`${LINE}host:\r\n\r\n`, '403 protected_mode'],
    [`${LINE}host: localhost, evil.example\r\n\r\n`, '400 malformed_request'],
    [`${LINE}host: evil@localhost\r\n\r\n`, '400 malformed_request'],
    [`${LINE}host: localhost:80:80\r\n\r\n`, '400 malformed_request'],
    ['DELETE /cache/clear HTTP/1.0\r\n\r\n', '403 protected_mode'],
    [`${LINE}\r\n`, '400 malformed_request'],
  ] as const)
    t.equal(outcomes(await exchange(open, request + LAST))[0], answered, JSON.stringify(request))
  t.ok(await isIntact(open))
})

/** Other spellings of the way to a clear: those that mean it ask for a key like itself, the others mean nothing. */
const SPELLINGS: [path: string, code: 'key_required' | 'route_not_found' | 'malformed_request'][] = [
  ['/cache/clear', 'key_required'],
  ['/cache/clear?', 'key_required'],
  ['/cache/clear#x', 'malformed_request'],
  ['/cache/cle%61r', 'key_required'],
  ['/%63ache/clear', 'key_required'],
  ['/api/v1/media/cache/cle%61r', 'key_required'],
  ['/cache/clear?x-api-key=operator', 'key_required'],
  ['/cache/clear?api_key=operator&authorization=Bearer%20operator', 'key_required'],
  ['/cache/clear/', 'route_not_found'],
  ['/cache//clear', 'route_not_found'],
  ['//cache/clear', 'route_not_found'],
  ['/CACHE/CLEAR', 'route_not_found'],
  ['/cache/Clear', 'route_not_found'],
  ['/cache%2Fclear', 'route_not_found'],
  ['/cache%2fclear', 'route_not_found'],
  ['/cache/cle%2561r', 'route_not_found'],
  ['/./cache/clear', 'route_not_found'],
  ['/docs/../cache/clear', 'route_not_found'],
  ['/docs/%2e%2e/cache/clear', 'route_not_found'],
  ['/cache\\clear', 'route_not_found'],
  ['/cache/clear;a=b', 'route_not_found'],
  ['/cache/clear%00', 'route_not_found'],
  ['/cache/clear%20', 'route_not_found'],
  ['/cache/clear.json', 'route_not_found'],
  ['/cache/clear%3Fpattern=x', 'route_not_found'],
  ['/cache/%u0063lear', 'malformed_request'],
]

t.test('with keys, no spelling of the path goes past them', async (t) => {
  for (const [path, code] of SPELLINGS)
    isProblem(t, await send(keyed, path, { method: 'DELETE' }), code, [], path)
  t.ok(await isIntact(keyed))
})

t.test('with keys, no other method does, nor a header that names one', async (t) => {
  for (const [own, path] of CLEARS) {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PURGE']) {
      const { status } = await send(keyed, path, { method })
      t.equal(status, method === own ? 401 : 405, `${method} ${path}`)
    }
    for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
      for (const method of ['GET', 'POST', 'HEAD']) {
        const answer = await send(keyed, path, { method, headers: { [name]: own } })
        t.equal(answer.status, method === own ? 401 : 405, `${method} ${path} ${name}`)
      }
    }
  }
  for (const headers of [
    { 'x-http-method-override': 'DELETE' },
    { 'x-original-url': '/livez' },
    { 'x-rewrite-url': '/livez' },
  ])
    for (const method of ['GET', 'HEAD'])
      t.equal((await send(keyed, '/cache/stats', { method, headers })).status, 401, JSON.stringify(headers))
  t.equal(
    (await send(keyed, '/livez', { headers: { 'x-original-url': '/cache/stats' } })).body,
    '{"status":"ok"}',
  )
  t.ok(await isIntact(keyed))
})
