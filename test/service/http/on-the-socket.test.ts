// HTTP as RFC 9110 and 9112 have it, in bytes: what is dropped nowhere, answered once, in its turn, and to whom has no more to say.
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { apiKeys } from '../../support/api-keys.ts'
import { clearsDone, exchange, LAST, outcomes } from '../../support/raw.ts'
import { send } from '../../support/http.ts'
import { manualTime } from '../../support/manual-time.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService, type TestService } from '../../support/service.ts'
import { notYet, until } from '../../support/until.ts'

const DATABASE_URL = await createDatabase(await sharedPostgres(t))
const LIMITS = { HEADERS_TIMEOUT_MS: '500', REQUEST_TIMEOUT_MS: '1000' }
const open = await startService(t, { DATABASE_URL })
const hasty = await startService(t, { DATABASE_URL, ...LIMITS })
const API_KEYS = apiKeys({ operator: 'ops' })
const keyed = await startService(t, { DATABASE_URL, API_KEYS })
const time = manualTime()
const unhurried = await startService(t, { DATABASE_URL, API_KEYS }, time)
const LINGER_MS = 2000

const HOST = 'host: localhost\r\n'
const GET = `GET /livez HTTP/1.1\r\n${HOST}`
const CLEAR = `DELETE /cache/clear?pattern=zz* HTTP/1.1\r\n${HOST}`
const POST = `POST /api/admin/cache/clear HTTP/1.1\r\n${HOST}content-type: application/json\r\n`
const clearsOf = (service: TestService): number =>
  service.log.filter(({ msg }) => msg === 'cache cleared').length

t.test('a header behind the thousandth is not dropped in silence', async (t) => {
  const many = 'a:\r\n'.repeat(1000)
  for (const [service, start, last] of [
    [open, CLEAR, 'x-forwarded-for: 192.0.2.1'],
    [open, CLEAR, 'origin: https://evil.example'],
    [open, CLEAR, 'forwarded: for=192.0.2.1'],
    [open, `PUT /api/v1/media/sources/x HTTP/1.1\r\n${HOST}`, 'via: x'],
    [open, `DELETE /api/v1/instruments/X HTTP/1.1\r\n${HOST}`, 'via: x'],
    [open, `POST /api/v1/ingest/articles HTTP/1.1\r\n${HOST}`, 'via: x'],
    [open, `GET /api/v1/media/sources HTTP/1.1\r\n${HOST}`, 'if-none-match: *'],
    [keyed, CLEAR, 'x-api-key: operator'],
  ] as const) {
    const answers = outcomes(await exchange(service, `${start}${many}${last}\r\n\r\n`))
    t.strictSame(answers, ['431 headers_too_large'], `${start.slice(0, 30)} ${last}`)
  }
  t.equal(clearsOf(open) + clearsOf(keyed), 0)
  // As many as there may be, Host among them.
  const most = `${GET}${'a:\r\n'.repeat(998)}connection: close\r\n\r\n`
  t.strictSame(outcomes(await exchange(open, most)), ['200'])
})

t.test('an answer that did not wait for its body is the only one', async (t) => {
  const chunked = `${GET}transfer-encoding: chunked\r\n\r\nrubbish\r\n\r\n`
  t.strictSame(outcomes(await exchange(open, chunked)), ['200'])
  const never = 'content-length: 5\r\n\r\n'
  t.strictSame(outcomes(await exchange(hasty, `${POST}via: x\r\n${never}`)), ['403 protected_mode'])
  t.strictSame(outcomes(await exchange(keyed, `${POST}${never}`)), ['401 key_required'])
  t.strictSame(outcomes(await exchange(hasty, `GET /%zz HTTP/1.1\r\n${HOST}${never}`)), [
    '400 malformed_request',
  ])
})

t.test('what was read in front of another protocol is no request', async (t) => {
  const upgrade = `${GET}connection: upgrade\r\nupgrade: h2c\r\n\r\n`
  const body = `${CLEAR}\r\n`
  const { port, hostname } = new URL(open.url)
  const before = clearsOf(open)
  const socket = connect(Number(port), hostname)
  let answers = ''
  socket.on('data', (chunk: Buffer) => (answers += chunk.toString('latin1'))).on('error', () => undefined)
  socket.write(`${upgrade}POST /nope HTTP/1.1\r\n${HOST}content-length: ${body.length}\r\n\r\n`)
  // In a packet of its own.
  setImmediate(() => socket.write(body))
  await closed(socket)
  t.strictSame(outcomes(answers), ['200'])
  t.match(answers, /\r\nconnection: close\r\n/i)
  t.equal(clearsOf(open), before)
  const alone = `POST /api/admin/cache/clear HTTP/1.1\r\n${HOST}connection: upgrade\r\nupgrade: h2c\r\n`
  const clear = `${alone}content-type: application/json\r\ncontent-length: 2\r\n\r\n{}`
  t.strictSame(
    clearsDone(outcomes(await exchange(open, clear))),
    ['200'],
    'such a request itself is answered',
  )
  t.equal(clearsOf(open), before + 1)
})

t.test('a body that nobody wants is not read on and on', async (t) => {
  const { port, hostname } = new URL(unhurried.url)
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
  const accepted = once(unhurried.app.server, 'connection')
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1'))).on('error', () => undefined)
  socket.write(
    `${POST.replace('admin/cache/clear', 'v1/ingest/articles')}content-length: 100000000000\r\n\r\n`,
  )
  const [served] = (await accepted) as [Socket]
  const chunk = Buffer.alloc(1024 * 1024)
  const fill = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  }
  socket.on('drain', fill)
  fill()
  const over = closed(socket)
  await until(
    'its answer',
    () => answer,
    (text) => text !== '',
  )
  let [looks, read] = [0, 0]
  await until('the rest to be left with the client', () => {
    looks = served.bytesRead === read ? looks + 1 : 0
    read = served.bytesRead
    return looks === 10 || notYet(read)
  })
  await time.advance(LINGER_MS - 1)
  t.equal(served.destroyed, false, 'the client has a moment to read it')
  await time.advance(1)
  t.equal(served.destroyed, true, 'and no longer')
  await over
  t.match(answer, /^HTTP\/1\.1 401 [^]*\r\nconnection: close\r\n/i)
  t.ok(served.bytesRead < 8 * 1024 * 1024, `${served.bytesRead} bytes were read`)
})

t.test('a client that sends all of its body before it reads anything gets its answer', async (t) => {
  const { port, hostname } = new URL(keyed.url)
  const socket = connect(Number(port), hostname).pause()
  const errors: Error[] = []
  socket.on('error', (error) => errors.push(error))
  const answered = new Promise((resolve) => {
    keyed.app.server.once('request', (_request, response: ServerResponse) => response.once('finish', resolve))
  })
  socket.write(`${POST}content-length: 900000\r\n\r\n`)
  await answered
  await new Promise((resolve) => socket.write(Buffer.alloc(900_000), resolve))
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1'))).resume()
  await closed(socket)
  t.strictSame(outcomes(answer), ['401 key_required'])
  t.strictSame(errors, [], 'and its connection is not reset')
})

t.test('a client is told to send its body when somebody wants it', async (t) => {
  const expecting = (start: string, length: number) =>
    `${start}expect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`
  const wanted = outcomes(await exchange(open, `${expecting(POST, 2)}{}${LAST}`))
  t.strictSame(clearsDone(wanted), ['100', '200', '200'])
  t.strictSame(outcomes(await exchange(keyed, expecting(POST, 2))), ['401 key_required'])
  t.strictSame(outcomes(await exchange(open, expecting(POST, 70_000))), ['413 body_too_large'])
  const text = POST.replace('application/json', 'text/plain')
  t.strictSame(outcomes(await exchange(open, expecting(text, 2))), ['415 unsupported_media_type'])
  const other = outcomes(await exchange(open, `${GET}expect: a-miracle\r\n\r\n`))
  t.strictSame(other, ['417 expectation_failed'])
})

t.test('a client that has no more to say still gets its answer', async (t) => {
  for (const [path, text] of [
    ['/cache/stats', /"success":true/],
    ['/metrics', /barometer_/],
    ['/api/v1/overview', /"articles":0/],
    ['/api/v1/media/sources', /"sources":\[\]/],
  ] as const)
    t.match(await half(`GET ${path} HTTP/1.1\r\n${HOST}\r\n`), text, path)
  t.match(await half(`${CLEAR}\r\n`), /"success":true/)
  const two = await half(`GET /api/v1/media/latest?limit=7 HTTP/1.1\r\n${HOST}\r\n${GET}\r\n`)
  t.strictSame(outcomes(two), ['200', '200'])
  t.strictSame(outcomes(await half(`${POST}content-length: 20\r\n\r\n{"pat`)), ['400 malformed_request'])
})

/** Unlike `once`, whatever error comes before. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

async function half(bytes: string): Promise<string> {
  const { port, hostname } = new URL(open.url)
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
  let answers = ''
  socket.on('data', (chunk: Buffer) => (answers += chunk.toString('latin1'))).on('error', () => undefined)
  socket.end(bytes)
  await closed(socket)
  return answers
}

t.test('what Node would answer in its own words is a problem, and counted', async (t) => {
  const counted = async (status: number): Promise<number> => {
    const { body } = await send(open, '/metrics')
    const pattern = new RegExp(
      `^barometer_http_requests_total\\{[^}]*status="${status}"[^}]*\\} (\\d+)`,
      'gm',
    )
    return [...body.matchAll(pattern)].reduce((total, [, count]) => total + Number(count), 0)
  }
  for (const [request, outcome] of [
    ['GET /livez HTTP/1.1\r\n\r\n', '400 malformed_request'],
    [`${GET}expect: a-miracle\r\n\r\n`, '417 expectation_failed'],
    [`CONNECT example:80 HTTP/1.1\r\n${HOST}\r\n`, '400 malformed_request'],
    [`GET * HTTP/1.1\r\n${HOST}\r\n`, '400 malformed_request'],
    [`GET /livez#x HTTP/1.1\r\n${HOST}\r\n`, '400 malformed_request'],
  ] as const) {
    const status = Number(outcome.slice(0, 3))
    const before = await counted(status)
    const answer = await exchange(open, request)
    t.strictSame(outcomes(answer), [outcome], request)
    t.match(answer, /\r\nconnection: close\r\n/i)
    t.match(answer, /\r\ndate: \w{3}, /i)
    t.equal(await counted(status), before + 1, request)
  }
})

t.test('OPTIONS of the server as a whole', async (t) => {
  const answer = await exchange(open, `OPTIONS * HTTP/1.1\r\n${HOST}connection: close\r\n\r\n`)
  t.strictSame(outcomes(answer), ['204'])
  t.match(answer, /\r\nallow: DELETE, GET, HEAD, POST, PUT\r\n/i)
})
