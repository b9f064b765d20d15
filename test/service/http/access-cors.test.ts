// CORS: pages of the configured origins, and no others, may read every answer there is; nothing else becomes easier for them.
import t, { type Test } from 'tap'
import { renewed } from '../../support/renewed.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService, type TestService } from '../../support/service.ts'
import { apiKeys } from '../../support/api-keys.ts'
import { isProblem, send, type RawAnswer } from '../../support/http.ts'

const DATABASE_URL = await createDatabase(await sharedPostgres(t))
const APP = 'https://app.example'
const DEV = 'http://localhost:3000'
const API_KEYS = apiKeys({ operator: 'ops', reader: 'read' })
const listed = await startService(t, { DATABASE_URL, CORS_ORIGINS: `${APP},${DEV}` })
const keyed = await startService(t, { DATABASE_URL, CORS_ORIGINS: APP, API_KEYS, REQUIRE_READ_KEY: 'true' })
const any = await startService(t, { DATABASE_URL, CORS_ORIGINS: '*' })
const none = await startService(t, { DATABASE_URL })

const DATA = '/api/v1/media/sources'
const EXPOSED = 'etag, age, link, x-cache, cache-status, x-request-id, retry-after'
/** Every kind of answer: data, ops, page, document, and each stage that refuses. */
const PATHS = [
  DATA,
  '/cache/stats',
  '/livez',
  '/docs',
  '/openapi.json',
  '/nope',
  '/%zz',
  `${DATA}?${'x'.repeat(5000)}`,
]

const ask = (service: TestService, path: string, origin: string | null, method = 'GET') =>
  send(service, path, { method, headers: origin === null ? {} : { origin } })

/** What of an answer CORS is about. */
const corsOf = ({ headers }: RawAnswer) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')))
const variesBy = ({ headers }: RawAnswer): string[] => (headers.vary ?? '').split(', ').filter(Boolean)
const allowed = (origin: string) => ({
  'access-control-allow-origin': origin,
  'access-control-expose-headers': EXPOSED,
})

t.test('a listed origin may read every answer, whichever it is', async (t) => {
  for (const origin of [APP, DEV]) {
    for (const path of PATHS) {
      const answer = await ask(listed, path, origin)
      t.strictSame(corsOf(answer), allowed(origin), path.slice(0, 30))
      t.ok(variesBy(answer).includes('origin'), path.slice(0, 30))
    }
  }
  const { headers } = await ask(listed, DATA, APP)
  const unchanged = await send(listed, DATA, {
    headers: { origin: APP, 'if-none-match': String(headers.etag) },
  })
  t.equal(unchanged.status, 304)
  t.strictSame(corsOf(unchanged), allowed(APP))
  t.strictSame(variesBy(unchanged), ['accept-encoding', 'origin'])
})

t.test('any other origin may not, and what caches keep is kept apart', async (t) => {
  const others = [
    null,
    'https://evil.example',
    `${APP}.evil.example`,
    `${APP}:443`,
    `${APP}/`,
    'HTTPS://APP.EXAMPLE',
  ]
  for (const origin of [...others, 'null', 'http://app.example', `${APP},${DEV}`, `${APP} ${DEV}`, '*', '']) {
    for (const path of PATHS) {
      const answer = await ask(listed, path, origin)
      t.strictSame(corsOf(answer), {}, `${origin} ${path.slice(0, 30)}`)
      t.ok(variesBy(answer).includes('origin'), 'also for who sends none')
    }
  }
  t.strictSame(variesBy(await ask(listed, DATA, null)), ['accept-encoding', 'origin'])
})

t.test('refusals of keys may be read too', async (t) => {
  const answer = await ask(keyed, DATA, APP)
  isProblem(t, answer, 'key_required')
  t.strictSame(corsOf(answer), allowed(APP))
  const withKey = (key: string) =>
    send(keyed, '/cache/clear', { method: 'DELETE', headers: { origin: APP, 'x-api-key': key } })
  const scopeless = await withKey('reader')
  isProblem(t, scopeless, 'scope_missing')
  t.strictSame(corsOf(scopeless), allowed(APP))
  for (let time = 0; time < 10; time++) await withKey('wrong')
  const blocked = await withKey('wrong')
  isProblem(t, blocked, 'too_many_failed_keys')
  t.strictSame(corsOf(blocked), allowed(APP), 'Retry-After is among what is exposed')
  t.equal((await withKey('operator')).status, 200, 'a key is what lets a page act')
})

async function preflights(t: Test, service: TestService, answered: string): Promise<void> {
  const { paths } = service.app.swagger() as unknown as { paths: Record<string, Record<string, object>> }
  const methods = Object.values(paths).flatMap((operations) => Object.keys(operations))
  for (const path of [...Object.keys(paths).map((path) => path.replace('{id}', '1')), '/docs', '/nope']) {
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const headers = {
        origin: APP,
        'access-control-request-method': method,
        'access-control-request-headers': 'x-api-key',
      }
      const answer = await send(service, path, { method: 'OPTIONS', headers })
      t.strictSame([answer.status, answer.body], [204, ''], path)
      const { 'access-control-allow-methods': allows, ...rest } = corsOf(answer)
      t.strictSame(
        new Set(String(allows).split(', ')),
        new Set(['HEAD', ...methods.map((name) => name.toUpperCase())]),
        'the methods of the routes',
      )
      t.strictSame(rest, {
        ...allowed(answered),
        'access-control-allow-headers': 'authorization, x-api-key, if-none-match, content-type, x-request-id',
        'access-control-max-age': '600',
      })
      t.ok(answer.headers['x-request-id'])
    }
  }
}

t.test('a preflight is answered on every path', (t) => preflights(t, listed, APP))
t.test('a preflight needs no key', (t) => preflights(t, keyed, APP))
t.test('a preflight is answered for any origin', (t) => preflights(t, any, '*'))

t.test('OPTIONS that is no preflight of a listed origin finds no route, whoever asks', async (t) => {
  const method = 'OPTIONS'
  const preflight = { 'access-control-request-method': 'DELETE' }
  for (const [service, headers] of [
    [listed, { origin: 'https://evil.example', ...preflight }],
    [listed, preflight],
    [listed, { origin: APP }],
    [keyed, { origin: 'https://evil.example', ...preflight }],
    [any, preflight],
    [any, { origin: APP }],
    [none, { origin: APP, ...preflight }],
  ] as [TestService, Record<string, string>][]) {
    const answer = await send(service, '/cache/clear', { method, headers })
    isProblem(t, answer, 'method_not_allowed', [], JSON.stringify(headers))
    t.notOk('access-control-allow-methods' in answer.headers)
  }
})

t.test('for any origin an answer is the same for all, and varies by none', async (t) => {
  for (const origin of [null, APP, 'null']) {
    for (const path of PATHS) {
      const answer = await ask(any, path, origin)
      t.strictSame(corsOf(answer), allowed('*'), path.slice(0, 30))
      t.notOk(variesBy(answer).includes('origin'))
    }
  }
})

t.test('without origins, no answer says anything of them', async (t) => {
  for (const path of PATHS) {
    const answer = await ask(none, path, APP)
    t.strictSame(corsOf(answer), {}, path.slice(0, 30))
    t.notOk(variesBy(answer).includes('origin'))
  }
})

t.test('to be let read is not to be let act: without keys a foreign page changes nothing', async (t) => {
  for (const [service, origin] of [
    [listed, APP],
    [listed, DEV],
    [any, APP],
  ] as const) {
    await send(service, DATA)
    for (const path of ['/cache/clear', '/api/v1/media/cache/clear']) {
      const answer = await ask(service, path, origin, 'DELETE')
      isProblem(t, answer, 'protected_mode')
      t.ok(answer.headers['access-control-allow-origin'], 'and the page may read why')
    }
    isProblem(t, await ask(service, '/api/admin/cache/clear', origin, 'POST'), 'protected_mode')
    await renewed(service.app.cache)
    t.equal((await send(service, DATA)).headers['x-cache'], 'HIT', 'nothing was cleared')
  }
})
