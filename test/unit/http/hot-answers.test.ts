// What is answered in front of the framework, and what is left to it, on a cache that is only what its `hit` says.
import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import type { Entry } from '../../../src/cache/index.ts'
import { HotAnswers } from '../../../src/http/hot-answers.ts'
import { RouteCounts } from '../../../src/http/request-counts.ts'
import { entryWith } from '../../support/held-entries.ts'
import { SYSTEM_TIME } from '../../../src/time/time.ts'

const BODY = '{"data":[]}'

async function start(t: Test, { variesByOrigin = false } = {}) {
  const state: { entry: Entry | null } = { entry: entryWith(Buffer.from(BODY)) }
  const counts = new RouteCounts('GET', '/', true)
  const hot = new HotAnswers({
    cache: {
      hit: () => state.entry,
      remoteHit: () => Promise.resolve(null),
      compress: () => undefined,
      mayCompress: () => false,
      packed: () => null,
      hasMemory: true,
    },
    time: SYSTEM_TIME,
    policy: { cacheControl: 'no-cache', vary: 'accept-encoding', publicUrl: null },
    always: {},
    requestId: (given) => given ?? 'made',
    variesByOrigin,
  })
  hot.remember('/', 'key', counts)
  const server = createServer((asked, response) => {
    if (!hot.answer(asked, response, () => undefined)) response.writeHead(500).end('left')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const { port } = server.address() as AddressInfo
  const ask = async (headers: Record<string, string | string[]> = {}, method = 'GET', path = '/') => {
    const sent = request({ port, host: '127.0.0.1', path, method, headers })
    sent.end('content-length' in headers || 'transfer-encoding' in headers ? 'body' : undefined)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    return { status: response.statusCode, headers: response.headers, body: await text(response) }
  }
  return { state, counts, hot, ask }
}

t.test('a hit, the first time and each time after it', async (t) => {
  const { ask, counts } = await start(t)
  for (const time of ['written', 'taken over']) {
    const answer = await ask({ 'x-request-id': time.replace(' ', '-') })
    t.match(answer, { status: 200, body: BODY }, time)
    t.match(answer.headers, {
      etag: '"etag"',
      'content-length': String(BODY.length),
      'x-request-id': time.replace(' ', '-'),
    })
  }
  t.equal(counts.ok, 2)
})

t.test('who has it is told so, without a body', async (t) => {
  const { ask, counts } = await start(t)
  for (const known of ['"etag"', 'W/"etag"', '"x", "etag"', '*'])
    for (let times = 0; times < 2; times++) {
      const answer = await ask({ 'if-none-match': known })
      t.match(answer, { status: 304, body: '' }, known)
      t.equal(answer.headers['content-length'], undefined)
    }
  t.equal(counts.notModified, 8)
  t.match(await ask({ 'if-none-match': '"other"' }), { status: 200, body: BODY })
})

t.test('a head belongs to one answer', async (t) => {
  const { ask, state } = await start(t)
  await ask()
  await ask()
  state.entry = entryWith(Buffer.from('{"data":[1]}'), { etag: '"newer"', storedAt: state.entry!.storedAt })
  t.match(await ask(), { headers: { etag: '"newer"', 'content-length': '12' }, body: '{"data":[1]}' })
  state.entry = { ...state.entry, storedAt: state.entry.storedAt - 5000, link: '</>; rel="next"' }
  t.match(await ask(), { headers: { etag: '"newer"', link: '</>; rel="next"' } }, 'another of the same bytes')
})

t.test('whatever is more than a hit is left alone', async (t) => {
  const { ask, state, counts } = await start(t)
  const left = { status: 500, body: 'left' }
  t.match(await ask({}, 'POST'), left)
  t.match(await ask({}, 'HEAD'), { status: 500 })
  t.match(await ask({}, 'GET', '/other'), left)
  t.match(await ask({ 'content-length': '4' }), left)
  t.match(await ask({ 'transfer-encoding': 'chunked' }), left)
  t.match(await ask({ 'if-none-match': ['"a"', '"etag"'] }), left)
  t.match(await ask({ 'x-request-id': ['a', 'b'] }), left)
  state.entry = null
  t.match(await ask(), left)
  t.strictSame([counts.ok, counts.notModified], [0, 0])
})

t.test('an origin matters where answers vary by it', async (t) => {
  t.match(await (await start(t, { variesByOrigin: true })).ask({ origin: 'http://a.example' }), {
    status: 500,
  })
  t.match(await (await start(t)).ask({ origin: 'http://a.example' }), { status: 200 })
})

t.test('no URL is remembered that is longer than an honest one', async (t) => {
  const { hot, ask, counts } = await start(t)
  const path = `/${'x'.repeat(1023)}`
  hot.remember(path, 'key', counts)
  hot.remember(`${path}x`, 'key', counts)
  t.match(await ask({}, 'GET', path), { status: 200 })
  t.match(await ask({}, 'GET', `${path}x`), { status: 500 })
})
