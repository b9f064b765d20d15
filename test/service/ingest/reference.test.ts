// Media sources and instruments as reference data: written, replaced and deleted, but not from under what refers to them.
import t from 'tap'
import { apiKeys } from '../../support/api-keys.ts'
import { getJson, isProblem, send, startFilledDatabase, detailOf } from '../../support/http.ts'
import { startService } from '../../support/service.ts'
import { ARTICLES, JSON_ARRAY, post } from '../../support/ingestion.ts'

const DATABASE_URL = await startFilledDatabase(t)
const service = await startService(t, { DATABASE_URL })
const put = (path: string, body: unknown) =>
  send(service, path, { method: 'PUT', headers: JSON_ARRAY, body: JSON.stringify(body) })
const remove = (path: string) => send(service, path, { method: 'DELETE' })
const SOURCE = '/api/v1/media/sources/new-source'
const INSTRUMENT = '/api/v1/instruments/%5ENEW'

t.test('a source is created, replaced and deleted', async (t) => {
  const created = await put(SOURCE, {
    name: 'New  Source 😀',
    logo_url: 'https://new.example/a.png?x=é'.slice(0, -1),
  })
  t.equal(created.status, 200)
  t.equal(created.headers['cache-control'], 'no-store')
  const { id } = JSON.parse(created.body) as { id: number }
  const replaced = await put(SOURCE, { name: 'Newer' })
  t.strictSame(JSON.parse(replaced.body), { id, code: 'new-source', name: 'Newer', logo_url: null })
  const { sources } = await getJson<{ sources: { code: string }[] }>(service, '/api/v1/media/sources')
  t.match(
    sources.find(({ code }) => code === 'new-source'),
    { name: 'Newer', article_count: 0 },
  )
  t.match(JSON.parse((await remove(SOURCE)).body), { id, name: 'Newer' })
  isProblem(t, await remove(SOURCE), 'unknown_source')
})

t.test('an instrument is created, replaced and deleted', async (t) => {
  const whole = { name: 'New', kind: 'equity', currency: 'EUR', exchange: 'XPAR' }
  t.strictSame(JSON.parse((await put(INSTRUMENT, whole)).body), { symbol: '^NEW', ...whole })
  const replaced = { name: 'Newer', kind: 'index', currency: null, exchange: null }
  t.strictSame(JSON.parse((await put(INSTRUMENT, { name: 'Newer', kind: 'index' })).body), {
    symbol: '^NEW',
    ...replaced,
  })
  t.strictSame(JSON.parse((await remove(INSTRUMENT)).body), { symbol: '^NEW', ...replaced })
  isProblem(t, await remove(INSTRUMENT), 'unknown_symbol')
})

t.test('what is referred to stays, and the answer says by how much', async (t) => {
  const source = await remove('/api/v1/media/sources/quay-post')
  isProblem(t, source, 'source_in_use')
  t.match(detailOf(source), /^quay-post has [1-9]\d* articles; delete those first$/)
  const instrument = await remove('/api/v1/instruments/TINY')
  isProblem(t, instrument, 'instrument_in_use')
  t.equal(detailOf(instrument), 'TINY has 3 bars; delete those first')
  t.equal((await getJson<{ count: number }>(service, '/api/v1/volume?symbol=TINY')).count, 3)
  t.equal((await remove('/api/v1/instruments/EMPTY')).status, 200)
  t.equal((await remove('/api/v1/media/sources/silent')).status, 200)
})

t.test('what cannot be one is refused by name', async (t) => {
  for (const [body, ...fields] of [
    [undefined, 'body'],
    [{}, 'body'],
    [{ name: '' }, 'name'],
    [{ name: ' ' }, 'name'],
    [{ name: 'a\0' }, 'name'],
    [{ name: 'a\nb' }, 'name'],
    [{ name: 'a\ud800' }, 'name'],
    [{ name: 'x'.repeat(201) }, 'name'],
    [{ name: 'x', logo: 'x' }, 'logo'],
    [{ name: 'x', logo_url: 'javascript:alert(1)' }, 'logo_url'],
  ] as [unknown, ...string[]][]) {
    const answer = await put(SOURCE, body)
    t.equal(answer.status, 400, JSON.stringify(body))
    t.match(answer.body, fields[0] ?? '', JSON.stringify(body))
    t.match(JSON.parse(answer.body), { code: 'invalid_body' })
  }
  for (const body of [
    { name: 'x' },
    { name: 'x', kind: 'stock' },
    { name: 'x', kind: 'index', currency: 'usd' },
    { name: 'x', kind: 'index', exchange: '/' },
  ])
    t.match(JSON.parse((await put(INSTRUMENT, body)).body), { code: 'invalid_body' }, JSON.stringify(body))
  isProblem(t, await put('/api/v1/media/sources/L%C3%A9o', { name: 'x' }), 'invalid_parameter', ['code'])
  isProblem(t, await put('/api/v1/instruments/a%20b', { name: 'x', kind: 'index' }), 'invalid_parameter', [
    'symbol',
  ])
  isProblem(t, await put(`${SOURCE}?force=true`, { name: 'x' }), 'invalid_parameter', ['force'])
  isProblem(t, await remove(SOURCE), 'unknown_source')
})

t.test('who may: local requests without any key, the scope ingest with keys', async (t) => {
  const keyed = await startService(t, {
    DATABASE_URL,
    API_KEYS: apiKeys({ loader: 'ingest', clearer: 'ops' }),
  })
  for (const [method, path] of [
    ['POST', ARTICLES],
    ['POST', '/api/v1/ingest/bars?symbol=X'],
    ['PUT', SOURCE],
    ['DELETE', SOURCE],
    ['PUT', INSTRUMENT],
    ['DELETE', INSTRUMENT],
  ] as const) {
    const body = method === 'DELETE' ? '' : '[]'
    const headers: Record<string, string> = method === 'DELETE' ? {} : JSON_ARRAY
    const proxied = { ...headers, 'x-forwarded-for': '192.0.2.1' }
    isProblem(t, await send(service, path, { method, body, headers: proxied }), 'protected_mode')
    isProblem(t, await send(keyed, path, { method, body, headers }), 'key_required')
    const wrong = { ...headers, 'x-api-key': 'clearer' }
    isProblem(t, await send(keyed, path, { method, body, headers: wrong }), 'scope_missing')
  }
  t.equal((await post(keyed, ARTICLES, { ...JSON_ARRAY, 'x-api-key': 'loader' }, '[{}]')).status, 200)
  t.ok(keyed.log.some((line) => line.msg === 'articles ingested' && line['actor'] === 'loader'))
})
