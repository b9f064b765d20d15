// What every answer keeps to: request ids, caching headers, HEAD, probes, the document and its page.
import { connect } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { PROBLEMS } from '../../../src/problems.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService, type TestService } from '../../support/service.ts'
import { isProblem, send } from '../../support/http.ts'

const DATABASE_URL = await createDatabase(await sharedPostgres(t))
const service = await startService(t, { DATABASE_URL })
const DATA = '/api/v1/media/latest'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

t.test('every answer carries a request id', async (t) => {
  for (const path of [
    DATA,
    '/cache/stats',
    '/livez',
    '/nope',
    '/%zz',
    '/openapi.json',
    '/docs',
    `${DATA}?limit=0`,
  ]) {
    const made = await send(service, path)
    t.match(made.headers['x-request-id'], UUID, path)
    const kept = await send(service, path, { headers: { 'x-request-id': 'Trace.7_a-b' } })
    t.equal(kept.headers['x-request-id'], 'Trace.7_a-b', path)
    t.not((await send(service, path)).headers['x-request-id'], made.headers['x-request-id'])
  }
  const tooLarge = await send(service, '/livez', { headers: { 'x-large': 'x'.repeat(20_000) } })
  t.match(tooLarge.headers['x-request-id'], UUID)
})

t.test('an incoming request id that is long or not clean is replaced', async (t) => {
  for (const id of ['', 'x'.repeat(65), 'a b', 'a"b', '<script>', 'a,b', 'é', 'a/b', '${x}'])
    t.match(
      (await send(service, '/livez', { headers: { 'x-request-id': id } })).headers['x-request-id'],
      UUID,
      id,
    )
  const twice = await send(service, '/livez', { headers: { 'x-request-id': ['a', 'b'] } })
  t.match(twice.headers['x-request-id'], UUID, 'given twice')
  const longest = 'x'.repeat(64)
  const kept = await send(service, '/livez', { headers: { 'x-request-id': longest } })
  t.equal(kept.headers['x-request-id'], longest)
})

t.test('ops answers and problems are not stored, data is revalidated', async (t) => {
  for (const path of [
    '/cache/stats',
    '/api/v1/media/cache/stats',
    '/api/admin/cache/stats',
    '/livez',
    '/readyz',
    '/nope',
  ])
    t.equal((await send(service, path)).headers['cache-control'], 'no-store', path)
  t.equal((await send(service, '/cache/clear', { method: 'DELETE' })).headers['cache-control'], 'no-store')
  const { headers } = await send(service, DATA)
  t.match(headers, { 'cache-control': 'no-cache', vary: 'accept-encoding', etag: /^"[\w-]+"$/, age: /^\d+$/ })
  t.match(headers['cache-status'], /^barometer; /)
})

t.test('HEAD answers as GET does, without the body', async (t) => {
  for (const path of [
    DATA,
    '/cache/stats',
    '/livez',
    '/readyz',
    '/openapi.json',
    '/docs',
    `${DATA}?limit=0`,
    '/nope',
  ]) {
    const [get, head] = [await send(service, path), await send(service, path, { method: 'HEAD' })]
    t.strictSame([head.status, head.body], [get.status, ''], path)
    for (const name of ['content-type', 'cache-control', 'etag', 'vary', 'link'])
      t.equal(head.headers[name], get.headers[name], `${path} ${name}`)
  }
})

t.test('probes', async (t) => {
  for (const path of ['/livez', '/readyz']) {
    const { status, body } = await send(service, path)
    t.strictSame([status, body], [200, '{"status":"ok"}'])
  }
})

t.test('while it stops, the service is not ready but finishes what comes on open connections', async (t) => {
  const stopping = await startService(t, { DATABASE_URL })
  const [probe, reader] = [await beginRequest(stopping, '/readyz'), await beginRequest(stopping, DATA)]
  const closed = stopping.close()
  while (stopping.app.server.listening) await new Promise((resolve) => setImmediate(resolve))
  t.match(await probe(), /^HTTP\/1\.1 503 [^]*\r\nconnection: close\r\n[^]*\{"status":"stopping"\}$/i)
  t.match(await reader(), /^HTTP\/1\.1 200 [^]*"data":\[\]/)
  await closed
})

t.test('the page loads, with all that it asks for, over plain HTTP', async (t) => {
  const page = await send(service, '/docs')
  t.strictSame([page.status, page.headers['content-type']], [200, 'text/html; charset=utf-8'])
  t.match(page.body, '<title>Barometer API</title>')
  t.match(page.headers['content-security-policy'], "default-src 'self'")
  t.notMatch(page.headers['content-security-policy'], /upgrade-insecure-requests|http/)
  const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
  t.ok(assets.length >= 5)
  for (const asset of [...assets, '/docs/json']) {
    const { status, body, headers } = await send(service, asset)
    t.ok(status === 200 && body.length > 40, asset)
    t.match(headers['content-type'], /javascript|css|image|json/, asset)
  }
  isProblem(t, await send(service, '/docs/static/nothing.txt'), 'route_not_found')
})

t.test('the catalogue of problems', (t) => {
  for (const [code, { status, title }] of Object.entries(PROBLEMS)) {
    t.match(code, /^[a-z]+(_[a-z]+)*$/)
    t.ok(status >= 400 && status < 600, code)
    t.match(title, /^[A-Z][^.]+$/)
  }
  t.equal(new Set(Object.values(PROBLEMS).map(({ title }) => title)).size, Object.keys(PROBLEMS).length)
  t.end()
})

/** Sends all but the end of a request; what it resolves with ends it and resolves with the answer. */
async function beginRequest(service: TestService, path: string): Promise<() => Promise<string>> {
  const { hostname, port } = new URL(service.url)
  const socket = connect(Number(port), hostname)
  const arrived = once(service.app.server, 'connection')
  await once(socket, 'connect')
  await arrived
  // Written whole, so that the server knows of a request before the next thing happens there.
  await new Promise((resolve) => socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\n`, resolve))
  return async () => {
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.write('\r\n')
    await once(socket, 'close')
    return answer
  }
}
