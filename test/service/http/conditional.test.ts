// Conditional requests (RFC 9110, 13), and writes that are refused for what they say beyond what they are to do.
import t, { type Test } from 'tap'
import { isProblem, send, startFilledDatabase } from '../../support/http.ts'
import { startService } from '../../support/service.ts'

const service = await startService(t, { DATABASE_URL: await startFilledDatabase(t) })
const JSON_TYPE = { 'content-type': 'application/json' }
const LIST = '/api/v1/media/latest?limit=2'
const TARGETS = [
  ['/api/v1/media/sources/fresh', { name: 'Fresh' }, 'unknown_source'],
  ['/api/v1/instruments/FRESH', { name: 'Fresh', kind: 'equity' }, 'unknown_symbol'],
] as const

t.test('reads: If-Match is compared strongly, and holds for either coding', async (t) => {
  for (const path of [LIST, '/dashboard', '/dashboard/app.js']) {
    for (let times = 0; times < 4; times += 1) {
      const { headers, status } = await send(service, path)
      const etag = headers.etag ?? ''
      t.equal(status, 200)
      const get = (given: Record<string, string>) => send(service, path, { headers: given })
      for (const ifMatch of ['"other"', `W/${etag}`, ''])
        isProblem(t, await get({ 'if-match': ifMatch }), 'precondition_failed', [], `${path} ${ifMatch}`)
      for (const ifMatch of ['*', etag, `"other", ${etag}`])
        t.equal((await get({ 'if-match': ifMatch })).status, 200, `${path} ${ifMatch}`)
      for (const ifNoneMatch of ['*', etag, `W/${etag}`, `"other" , W/${etag}`])
        t.equal((await get({ 'if-none-match': ifNoneMatch })).status, 304, `${path} ${ifNoneMatch}`)
      t.equal((await get({ 'if-none-match': '"other"' })).status, 200)
      const both = { 'if-match': '"other"', 'if-none-match': etag }
      isProblem(t, await get(both), 'precondition_failed', [], 'If-Match counts first')
    }
  }
  const absent = await send(service, '/api/v1/media/999999', { headers: { 'if-match': '"x"' } })
  isProblem(t, absent, 'unknown_article', [], 'a condition on what is not there anyway')
})

t.test('reads of what has no entity tag: none can be named', async (t) => {
  for (const path of ['/openapi.json', '/cache/stats', '/metrics', '/livez', '/cache/clears']) {
    const get = (ifMatch: string) => send(service, path, { headers: { 'if-match': ifMatch } })
    for (const ifMatch of ['"x"', 'W/"x"', '"x", *', ''])
      isProblem(t, await get(ifMatch), 'precondition_failed', [], `${path} ${ifMatch}`)
    t.equal((await get('*')).status, 200)
    t.equal((await send(service, path, { headers: { 'if-none-match': '*, x' } })).status, 200)
  }
  const named = await send(service, '/docs/static/swagger-ui.css', { headers: { 'if-match': '*' } })
  t.equal(named.status, 200, 'files of the documentation have tags of their own')
})

t.test('HEAD says no length where GET has none, and the same one elsewhere', async (t) => {
  for (const path of [LIST, '/dashboard', '/api/v1/media/sources']) {
    const get = await send(service, path)
    const head = await send(service, path, { method: 'HEAD' })
    t.equal(head.headers['content-length'], get.headers['content-length'], path)
    const known = await send(service, path, { method: 'HEAD', headers: { 'if-none-match': '*' } })
    t.strictSame([known.status, known.headers['content-length']], [304, undefined], path)
  }
  const events = await send(service, '/api/v1/dashboard/events', { method: 'HEAD' })
  t.strictSame([events.status, events.headers['content-length']], [200, undefined])
})

for (const [path, body, unknown] of TARGETS) {
  t.test(`writes: ${path}`, async (t) => {
    const put = (headers: Record<string, string>, value: object = body) =>
      send(service, path, {
        method: 'PUT',
        headers: { ...JSON_TYPE, ...headers },
        body: JSON.stringify(value),
      })
    const remove = (headers: Record<string, string>) => send(service, path, { method: 'DELETE', headers })
    isProblem(t, await put({ 'if-match': '*' }), 'precondition_failed', [], 'nothing to replace')
    isProblem(t, await remove({ 'if-match': '*' }), unknown, [], 'nothing to delete')
    isProblem(t, await remove({ 'if-none-match': '*' }), unknown)
    t.equal((await put({ 'if-none-match': '*' })).status, 200, 'created')
    isProblem(t, await put({ 'if-none-match': '*' }, { ...body, name: 'Other' }), 'precondition_failed')
    isProblem(t, await put({ 'if-match': '"x"' }, { ...body, name: 'Other' }), 'precondition_failed')
    isProblem(t, await put({ 'if-match': '*', 'if-none-match': '*' }), 'precondition_failed')
    for (const ifNoneMatch of ['"x", *', 'W/*', 'x', '* *', '*, *'])
      isProblem(t, await put({ 'if-none-match': ifNoneMatch }), 'precondition_failed', [], ifNoneMatch)
    for (const ifNoneMatch of ['"x,y" , W/"z"', ''])
      t.equal((await put({ 'if-none-match': ifNoneMatch })).status, 200, ifNoneMatch)
    isProblem(t, await remove({ 'if-none-match': '*' }), 'precondition_failed')
    isProblem(t, await remove({ 'if-match': '"x"' }), 'precondition_failed')
    t.match(
      JSON.parse((await put({ 'if-none-match': '"x"' })).body),
      { name: 'Fresh' },
      'nothing was changed',
    )
    t.match(JSON.parse((await put({ 'if-match': '*' }, { ...body, name: 'Newer' })).body), { name: 'Newer' })
    t.match(JSON.parse((await remove({ 'if-match': '*' })).body), { name: 'Newer' })
  })
}

t.test('writes: where nothing is there that could be named', async (t) => {
  for (const [method, path] of [
    ['DELETE', '/cache/clear?pattern=zz*'],
    ['POST', '/api/admin/cache/clear'],
  ] as const) {
    for (const ifMatch of ['*', '"x"'])
      isProblem(
        t,
        await send(service, path, { method, headers: { 'if-match': ifMatch } }),
        'precondition_failed',
      )
    const cleared = await send(service, path, { method, headers: { 'if-none-match': '*' } })
    t.match(JSON.parse(cleared.body), { success: true })
  }
})

t.test('writes: what is not understood is refused, and nothing is done', async (t) => {
  const cleared = (): number => service.log.filter(({ msg }) => msg === 'cache cleared').length
  const before = cleared()
  const refused = async (t: Test, method: string, path: string, body: string | Buffer, type = JSON_TYPE) => {
    const chunked = { ...type, 'transfer-encoding': 'chunked' }
    for (const headers of [{ ...type, 'content-length': String(Buffer.byteLength(body)) }, chunked]) {
      const { status } = await send(service, path, { method, body, headers })
      t.match(String(status), /^4(00|15)$/, `${method} ${path} ${body.toString('latin1')}`)
    }
  }
  for (const path of ['/cache/clear', '/api/v1/media/cache/clear', ...TARGETS.map(([target]) => target)])
    for (const body of [
      '{"pattern":"media:x*"}',
      '{"dry_run":true}',
      '{"tag":"dataset:media"}',
      '{}',
      'null',
    ])
      await refused(t, 'DELETE', path, body)
  for (const body of [
    'null',
    '[]',
    '{"pattern":"zz*","pattern":"*"}',
    '{"dry_run":true,"dry_run":false}',
    '{"pattern":"zz*","p\\u0061ttern":"*"}',
    '{"pattern":null}',
  ])
    await refused(t, 'POST', '/api/admin/cache/clear', body)
  for (const [path, { name }] of TARGETS) {
    await refused(t, 'PUT', path, `{"name":"${name}","kind":"equity","name":"Other"}`)
    await refused(t, 'PUT', path, Buffer.from(`{"name":"\xff","kind":"equity"}`, 'latin1'))
    await refused(t, 'PUT', path, 'null')
  }
  const latin = { 'content-type': 'application/json; charset=iso-8859-1' }
  await refused(t, 'POST', '/api/admin/cache/clear', '{"pattern":"zz*"}', latin)
  t.equal(cleared(), before)
  for (const [path, , unknown] of TARGETS)
    isProblem(t, await send(service, path, { method: 'DELETE' }), unknown, [], 'nothing was written')
})
