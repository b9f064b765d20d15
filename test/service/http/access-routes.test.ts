// What no route may forget: to say who may use it, and, where it changes something, to refuse parameters that it does not know.
import t, { type Test } from 'tap'
import Type from 'typebox'
import type { RouteOptions } from 'fastify'
import { buildApp } from '../../../src/app.ts'
import { loadConfig } from '../../../src/config.ts'
import { openDatabase } from '../../../src/db/client.ts'
import { renewed } from '../../support/renewed.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { detailOf, isProblem, send } from '../../support/http.ts'

const DATABASE_URL = await createDatabase(await sharedPostgres(t))
const service = await startService(t, { DATABASE_URL })
const CLOSED = Type.Object({}, { additionalProperties: false })
const ENTRY = '/api/v1/media/sources'

/** Starts the service with one more route. */
async function startWith(t: Test, route: Omit<RouteOptions, 'handler'>): Promise<void> {
  const database = openDatabase({ url: DATABASE_URL, poolMax: 2, statementTimeoutMs: 5000 })
  const app = await buildApp(loadConfig({ LOG_LEVEL: 'silent' }), database)
  t.teardown(() => app.close().then(() => database.close()))
  app.route({ ...route, handler: () => ({}) })
  await app.ready()
}

t.test('a route that does not say who may use it keeps the service from starting', async (t) => {
  for (const [method, url] of [
    ['GET', '/api/v1/careless'],
    ['POST', '/api/v1/careless'],
    ['DELETE', '/cache/careless'],
    ['GET', '/careless'],
  ] as const)
    await t.rejects(
      startWith(t, { method, url }),
      { message: `the route ${method} ${url} does not say` },
      url,
    )
  await startWith(t, { method: 'GET', url: '/api/v1/careful', config: { access: 'read' } })
  await startWith(t, { method: 'GET', url: '/careful', config: { access: 'open' } })
})

t.test('a route that changes something and takes any parameter does too', async (t) => {
  for (const access of ['ops', 'ingest'] as const) {
    const route = { method: 'POST', url: '/careless', config: { access } } as const
    const expected = { message: 'must refuse unknown query parameters' }
    await t.rejects(startWith(t, route), expected)
    await t.rejects(startWith(t, { ...route, schema: { querystring: Type.Object({}) } }), expected)
    await startWith(t, { ...route, schema: { querystring: CLOSED } })
  }
})

t.test('a clear with a parameter that it does not know is refused, and names it', async (t) => {
  await send(service, ENTRY)
  for (const [query, unknown, postedToo = []] of [
    ['patern=x', ['patern']],
    ['Pattern=x', ['Pattern']],
    ['_=1', ['_']],
    ['pattern%20=x', ['pattern ']],
    ['pattern[]=x', ['pattern[]']],
    ['=x', ['']],
    ['patern', ['patern']],
    ['a=1&b=2&key=k', ['a', 'b'], ['key']],
    ['_=1&pattern=media:*', ['_'], ['pattern']],
    ['__proto__=x&constructor=y&toString=z', ['__proto__', 'constructor', 'toString']],
    [`${'x'.repeat(500)}=1`, ['x'.repeat(100)]],
    [
      Array.from({ length: 1000 }, (_, index) => `p${index}`)
        .join('&')
        .slice(0, 3000),
      'p0 p1 p2 p3 p4 p5 p6 p7'.split(' '),
    ],
  ] as [query: string, unknown: string[], postedToo?: string[]][]) {
    for (const path of ['/cache/clear', '/api/v1/media/cache/clear']) {
      const answer = await send(service, `${path}?${query}`, { method: 'DELETE' })
      isProblem(t, answer, 'invalid_parameter', unknown, query.slice(0, 40))
      t.match(detailOf(answer), /is not a parameter of this route/)
    }
    const posted = await send(service, `/api/admin/cache/clear?${query}`, { method: 'POST' })
    isProblem(t, posted, 'invalid_parameter', [...unknown, ...postedToo])
  }
  const wrongToo = await send(service, '/cache/clear?patern=x&pattern=', { method: 'DELETE' })
  isProblem(t, wrongToo, 'invalid_parameter', ['patern', 'pattern'])
  await renewed(service.app.cache)
  t.equal((await send(service, ENTRY)).headers['x-cache'], 'HIT', 'nothing was cleared')
})

t.test('what only reads ignores them, as its clients expect', async (t) => {
  for (const path of [ENTRY, '/cache/stats', '/api/v1/media/cache/stats'])
    t.equal((await send(service, `${path}?auto_scrape=false&_=1`)).status, 200, path)
})

t.test('every answer keeps browsers from guessing its type', async (t) => {
  for (const path of [
    ENTRY,
    '/cache/stats',
    '/livez',
    '/nope',
    '/%zz',
    '/openapi.json',
    '/docs',
    '/docs/static/swagger-ui.css',
  ])
    t.equal((await send(service, path)).headers['x-content-type-options'], 'nosniff', path)
  const { headers } = await send(service, ENTRY)
  const unchanged = await send(service, ENTRY, { headers: { 'if-none-match': String(headers.etag) } })
  t.strictSame([unchanged.status, unchanged.headers['x-content-type-options']], [304, 'nosniff'])
  const tooLarge = await send(service, '/livez', { headers: { 'x-large': 'x'.repeat(20_000) } })
  t.strictSame([tooLarge.status, tooLarge.headers['x-content-type-options']], [431, 'nosniff'])
})

t.test('pages run only what is ours, stand in no frame and tell no other site of themselves', async (t) => {
  for (const path of ['/docs', '/docs/', '/docs/static/swagger-initializer.js', '/docs/static/index.html']) {
    const { headers } = await send(service, path)
    const policy = String(headers['content-security-policy'])
    t.match(policy, "default-src 'self'; ", path)
    t.match(policy, "frame-ancestors 'none'")
    t.notMatch(policy, /unsafe|http|\*/)
    t.equal(headers['referrer-policy'], 'no-referrer')
  }
  const { headers } = await send(service, ENTRY)
  t.notOk('content-security-policy' in headers || 'strict-transport-security' in headers, 'data is no page')
})
