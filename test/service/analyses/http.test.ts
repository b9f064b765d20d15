// Analysers behind HTTP: what is sent, and what each thing that comes back is taken for. The endpoints are real servers, most of which behave badly.
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { Asked, Content, Json, Verdict } from '../../../src/analyses/analysers/analyser.ts'
import { httpAnalyser, type CallMeans, type HttpAnalyser } from '../../../src/analyses/analysers/http.ts'
import { SYSTEM_TIME } from '../../../src/time/time.ts'
import { analyserServer, sendJson } from '../../support/analyser-server.ts'
import { manualTime } from '../../support/manual-time.ts'
import { until } from '../../support/until.ts'

const KEY = 'sk-secret-key'
const TEXT = 'The shares rally, says nobody.'
const CONTENT: Content = { kind: 'text', text: TEXT }
const PLAIN: Asked = { language: null, tone: null, parameters: {} }
const RESULT = { verdict: 'calm', score: 0.25 }

interface Given {
  own?: Partial<HttpAnalyser>
  means?: Partial<CallMeans>
  timeoutMs?: number
}

function analyserAt(url: string, { own = {}, means = {}, timeoutMs = 60_000 }: Given = {}) {
  const traits = {
    name: 'tone',
    url,
    version: '3',
    accepts: new Set(['text', 'file'] as const),
    languages: null,
    tones: null,
    parameters: null,
    costMicros: 2000n,
    currency: 'EUR',
    timeoutMs,
    concurrency: 8,
    dailyBudgetMicros: null,
  }
  return httpAnalyser(
    traits,
    { template: null, headers: {}, result: '/data/verdict', schema: null, ...own },
    { time: SYSTEM_TIME, key: KEY, isValid: () => true, ...means },
  )
}

function fileOf(bytes: Buffer, type = 'image/png'): Content {
  return { kind: 'file', bytes: bytes.length, type, open: () => Readable.from([bytes]) }
}

const never = () => new AbortController().signal

/** The verdict on what a server answers. */
async function verdictOn(t: Test, behave: (response: ServerResponse) => void, given: Given = {}) {
  const { url, calls } = await analyserServer(t, behave)
  const verdict = await analyserAt(url, given).call(CONTENT, PLAIN, never())
  t.equal(calls.length, 1, 'asked once')
  return verdict
}

function failure(verdict: Verdict): Verdict & { outcome: 'failed' } {
  if (verdict.outcome !== 'failed') throw new Error(`it did not fail: ${JSON.stringify(verdict)}`)
  for (const secret of [KEY, TEXT, 'nobody', 'secret', 'calm'])
    if (verdict.reason.includes(secret)) throw new Error(`its reason tells: ${verdict.reason}`)
  return verdict
}

t.test('a text is sent as JSON with what was asked, and the result is where the pointer says', async (t) => {
  const { url, calls } = await analyserServer(t, (response) =>
    sendJson(response, { data: { verdict: RESULT } }),
  )
  const analyser = analyserAt(url, { own: { headers: { 'x-tenant': 'a' } } })
  const asked = { language: 'en', tone: 'formal', parameters: { depth: 2, wide: null } }
  t.same(await analyser.call(CONTENT, asked, never()), { outcome: 'answered', result: RESULT })
  await analyser.call(CONTENT, PLAIN, never())
  t.match(calls[0], {
    method: 'POST',
    url: '/judge',
    headers: {
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      accept: 'application/json',
      'x-tenant': 'a',
    },
  })
  t.same(JSON.parse(calls[0]!.text), { text: TEXT, ...asked })
  t.same(JSON.parse(calls[1]!.text), { text: TEXT }, 'what was not asked is left out')
})

t.test('a template is filled with values that cannot break out of it', async (t) => {
  const { url, calls } = await analyserServer(t, (response) => sendJson(response, { data: { verdict: 1 } }))
  const template = {
    input: { body: '{text}' },
    lang: '{language}',
    options: ['{parameters.depth}', '{tone}'],
  }
  const text = '"}, {"input": "{tone}"\n\\'
  await analyserAt(url, { own: { template } }).call(
    { kind: 'text', text },
    { language: null, tone: 'formal', parameters: { depth: [1, '2'] } },
    never(),
  )
  t.same(JSON.parse(calls[0]!.text), { input: { body: text }, options: [[1, '2'], 'formal'] })
})

t.test('a file is sent as its bytes, the rest in the query', async (t) => {
  const { url, calls } = await analyserServer(t, (response) =>
    sendJson(response, { data: { verdict: RESULT } }),
  )
  const analyser = analyserAt(`${url}?tenant=a&tone=none`)
  const asked = { language: 'fr', tone: 'a&b=c', parameters: { depth: '1' } }
  const verdict = await analyser.call(fileOf(Buffer.from('PNG bytes')), asked, never())
  t.same(verdict, { outcome: 'answered', result: RESULT })
  const [call] = calls
  t.match(call, {
    text: 'PNG bytes',
    headers: { 'content-type': 'image/png', 'content-length': '9', 'transfer-encoding': undefined },
  })
  t.same(Object.fromEntries(new URL(call!.url, url).searchParams), {
    tenant: 'a',
    language: 'fr',
    tone: 'a&b=c',
    parameters: '{"depth":"1"}',
  })
})

t.test('statuses mean what they say', async (t) => {
  const now = Date.parse('2026-11-30T12:00:00Z')
  const time = { ...SYSTEM_TIME, now: () => now }
  const answer = (status: number, headers: Record<string, string> = {}) =>
    verdictOn(t, (response) => response.writeHead(status, headers).end('nobody knows the secret of calm'), {
      means: { time },
    })
  for (const status of [400, 413, 422])
    t.same(await answer(status), { outcome: 'refused', status, isPaid: false })
  for (const [header, retryAfterSeconds] of [
    ['7', 7],
    ['0', 1],
    ['999999', 3600],
    ['Mon, 30 Nov 2026 12:01:00 GMT', 60],
    ['Mon, 30 Nov 2026 11:00:00 GMT', 1],
    ['soon', 10],
    [undefined, 10],
  ] as const)
    for (const status of [429, 503])
      t.same(
        await answer(status, header === undefined ? {} : { 'retry-after': header }),
        { outcome: 'busy', retryAfterSeconds },
        `${status}, Retry-After: ${header}`,
      )
  for (const [status, isPaid] of [
    [300, false],
    [401, false],
    [404, false],
    [418, false],
    [500, false],
    [502, true],
    [504, true],
  ] as const)
    t.match(failure(await answer(status)), { isPaid, isTimeout: false, reason: new RegExp(String(status)) })
})

t.test('a redirect is not followed', async (t) => {
  const other = await analyserServer(t, (response) => sendJson(response, { data: { verdict: RESULT } }))
  for (const status of [301, 302, 303, 307, 308]) {
    const verdict = await verdictOn(t, (response) =>
      response.writeHead(status, { location: other.url }).end(),
    )
    t.match(failure(verdict), { isPaid: false, reason: /redirect/ }, String(status))
  }
  t.equal(other.calls.length, 0)
})

t.test('what is not whole, not JSON, or not the result, is no answer, and paid for', async (t) => {
  const json = (body: string | Buffer, headers: Record<string, string> = {}, status = 200) => {
    return (response: ServerResponse): void =>
      void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  }
  const whole = JSON.stringify({ data: { verdict: RESULT } })
  for (const [name, behave] of Object.entries({
    HTML: json('<p>calm</p>', { 'content-type': 'text/html' }),
    'JSON by no content type': (response: ServerResponse): void => void response.writeHead(200).end(whole),
    'JSON in Latin-1': json(whole, { 'content-type': 'application/json; charset=iso-8859-1' }),
    'half a JSON': json(whole.slice(0, -5)),
    'nothing at all': json(''),
    'two of them': json(whole + whole),
    'invalid UTF-8': json(Buffer.from('{"data":{"verdict":"\xff"}}', 'latin1')),
    'an error in a 200': json(JSON.stringify({ error: { message: 'secret' }, data: { verdict: RESULT } })),
    'an empty error in a 200': json(JSON.stringify({ error: {}, data: { verdict: RESULT } })),
    'no result in its place': json(JSON.stringify({ data: { other: 1 } })),
    'a result by way of the prototype': json(JSON.stringify({ data: [] })),
    'one that is accepted for later': json(whole, {}, 202),
    'a part of one': json(whole, {}, 206),
    'no content': (response: ServerResponse): void => void response.writeHead(204).end(),
    'NUL in it': json(JSON.stringify({ data: { verdict: { a: '\0' } } })),
    'nesting that overflows the stack': json(`{"data":{"verdict":${'['.repeat(9999)}${']'.repeat(9999)}}}`),
    'more than 1 MiB': json(JSON.stringify({ data: { verdict: 'a'.repeat(1024 * 1024) } })),
    'more than 1 MiB once unpacked': json(
      gzipSync(JSON.stringify({ data: { verdict: 'a'.repeat(50 * 1024 * 1024) } })),
      { 'content-encoding': 'gzip' },
    ),
    'a connection that ends in the middle': (response: ServerResponse) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': String(whole.length + 1),
      })
      response.write(whole, () => response.destroy())
    },
    'chunks without their end': (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write(whole, () => response.destroy())
    },
    'a connection that ends before the answer': (response: ServerResponse) => response.destroy(),
  }))
    t.match(failure(await verdictOn(t, behave)), { isPaid: true, isTimeout: false }, name)
})

t.test('a result that the schema does not let through is no answer', async (t) => {
  const isValid = (result: Json) => (result as { score?: unknown }).score === 1
  const answer = (result: Json) =>
    verdictOn(t, (response) => sendJson(response, { data: { verdict: result } }), { means: { isValid } })
  t.match(failure(await answer({ score: 2 })), { isPaid: true, reason: /schema/ })
  t.same(await answer({ score: 1 }), { outcome: 'answered', result: { score: 1 } })
})

t.test('answers of other forms that are whole count', async (t) => {
  const answer = (type: string, body: string | Buffer, own = {}, headers = {}) =>
    verdictOn(t, (response) => response.writeHead(201, { 'content-type': type, ...headers }).end(body), {
      own,
    })
  const answered = (result: Json) => ({ outcome: 'answered', result })
  t.same(await answer('application/vnd.tone+json; charset="UTF-8"', '[1]', { result: '' }), answered([1]))
  t.same(await answer('application/json', '\ufeff{"a/b":{"~":[0,5]}}', { result: '/a~1b/~0/1' }), answered(5))
  t.same(await answer('application/json', '{"error":null,"data":{"verdict":null}}'), answered(null))
  const gzip = gzipSync('{"data":{"verdict":1}}')
  t.same(await answer('application/json', gzip, {}, { 'content-encoding': 'gzip' }), answered(1))
})

t.test('an analyser that answers nothing is given up when its time is over', async (t) => {
  for (const [name, behave] of Object.entries({
    'no answer': () => undefined,
    'an answer that does not end': (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"data":')
    },
  })) {
    const time = manualTime()
    const { url, calls } = await analyserServer(t, behave)
    const call = analyserAt(url, { means: { time }, timeoutMs: 30_000 }).call(CONTENT, PLAIN, never())
    await until('the call came', () => calls.length === 1)
    await time.advance(29_999)
    let isOver = false
    void call.then(() => (isOver = true))
    await new Promise(setImmediate)
    t.notOk(isOver, `${name}: not before`)
    await time.advance(1)
    t.match(failure(await call), { isTimeout: true, isPaid: true, reason: /30000 ms/ }, name)
    t.ok(time.isQuiet, 'no timer is left')
  }
})

t.test('whoever gives a call up ends it', async (t) => {
  let isClosed = false
  const { url, calls } = await analyserServer(t, (response) =>
    response.once('close', () => (isClosed = true)),
  )
  const giving = new AbortController()
  const call = analyserAt(url).call(CONTENT, PLAIN, giving.signal)
  await until('the call came', () => calls.length === 1)
  giving.abort()
  t.match(failure(await call), { isTimeout: false, isPaid: true, reason: /given up/ })
  await until('its connection has ended', () => isClosed)
  t.match(failure(await analyserAt(url).call(CONTENT, PLAIN, giving.signal)), { isPaid: false })
  t.equal(calls.length, 1, 'one that was given up before is not sent')
})

t.test('what never reached the analyser is not paid for', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const call = (url: string) => analyserAt(url).call(CONTENT, PLAIN, never())
  t.match(failure(await call(`http://127.0.0.1:${port}/`)), { isPaid: false, reason: /ECONNREFUSED/ })
  t.match(failure(await call('http://analyser.invalid/')), { isPaid: false, reason: /ENOTFOUND|EAI_AGAIN/ })
  const { port: plain } = await analyserServer(t, (response) => response.end())
  t.match(failure(await call(`https://127.0.0.1:${plain}/`)), { isPaid: false, reason: /ERR_SSL/ })
})

t.test('what was sent, and lost, may have been paid for', async (t) => {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.once('data', () => socket.resetAndDestroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const verdict = await analyserAt(`http://127.0.0.1:${port}/`).call(CONTENT, PLAIN, never())
  t.match(failure(verdict), { isPaid: true, isTimeout: false })
  t.equal(sockets.length, 1, 'and is not sent again')
})

t.test('a file that is turned away half-way, or breaks, is closed', async (t) => {
  const opened: Readable[] = []
  const file = (make: () => Readable): Content => ({
    kind: 'file',
    bytes: 1_000_000,
    type: 'image/png',
    open: () => {
      const stream = make()
      opened.push(stream)
      return stream
    },
  })
  const { url } = await analyserServer(t, () => undefined, {
    beforeBody: (_request, response) => {
      response.writeHead(413, { connection: 'close' }).end()
      return true
    },
  })
  const verdict = await analyserAt(url).call(file(slow), PLAIN, never())
  t.same(verdict, { outcome: 'refused', status: 413, isPaid: false })
  const broken = () =>
    new Readable({
      read() {
        this.destroy(new Error('the secret file is gone'))
      },
    })
  t.match(failure(await analyserAt(url).call(file(broken), PLAIN, never())), { isTimeout: false })
  const throwing = (): Readable => {
    throw new Error('the secret file was discarded')
  }
  t.match(failure(await analyserAt(url).call(file(throwing), PLAIN, never())), { isTimeout: false })
  t.ok(opened.every((stream) => stream.destroyed))
})

/** Its first kilobyte, and nothing after it. */
function slow(): Readable {
  let isSent = false
  return new Readable({
    read() {
      if (!isSent) this.push(Buffer.alloc(1000))
      isSent = true
    },
  })
}
