// A clear hidden in what surrounds another request is never taken for a request, however the two are delimited.
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { clearsDone, exchange, LAST, outcomes } from '../../support/raw.ts'
import { send } from '../../support/http.ts'

// Without keys: over loopback, whatever is taken for a clear is one.
const service = await startService(t, { DATABASE_URL: await createDatabase(await sharedPostgres(t)) })
const ENTRY = '/api/v1/media/sources'
const HOST = 'host: localhost\r\n'
const CLEAR = `DELETE /cache/clear HTTP/1.1\r\n${HOST}\r\n`
const GET = `GET /livez HTTP/1.1\r\n${HOST}`
const POST = `POST /nope HTTP/1.1\r\n${HOST}content-type: application/json\r\n`
const CHUNKED = 'transfer-encoding: chunked\r\n'
const REFUSED = ['400 malformed_request']

const isCleared = (): boolean => service.log.some((line) => line.msg === 'cache cleared')

t.before(async () => {
  await until(
    'the entry',
    async () => (await send(service, ENTRY)).headers['x-cache'],
    (outcome) => outcome === 'HIT',
  )
})

async function nothingWasCleared(t: Test): Promise<void> {
  t.notOk(isCleared(), 'nothing was cleared')
  t.equal((await send(service, ENTRY)).headers['x-cache'], 'HIT', 'the entry is still there')
}

/** Each is one request to whom is strict about it; what follows it is not read at all. */
const REFUSALS: Record<string, string> = {
  'both lengths': `${GET}content-length: ${CLEAR.length + 5}\r\n${CHUNKED}\r\n0\r\n\r\n${CLEAR}`,
  'both lengths, the other way': `${GET}${CHUNKED}content-length: 4\r\n\r\n${CLEAR.length.toString(16)}\r\n${CLEAR}\r\n0\r\n\r\n`,
  'a blank before the colon': `${GET}transfer-encoding : chunked\r\n\r\n0\r\n\r\n${CLEAR}`,
  'a vertical tab in the coding': `${GET}transfer-encoding: \u000bchunked\r\n\r\n0\r\n\r\n${CLEAR}`,
  'chunked, then something else': `${GET}transfer-encoding: chunked, x\r\n\r\n0\r\n\r\n${CLEAR}`,
  'chunked, and in another line something else': `${GET}${CHUNKED}transfer-encoding: identity\r\n\r\n0\r\n\r\n${CLEAR}`,
  'an unknown coding': `${GET}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${CLEAR}`,
  'a quoted coding': `${GET}transfer-encoding: "chunked"\r\n\r\n0\r\n\r\n${CLEAR}`,
  'a coding in front of chunked': `${GET}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n${CLEAR}`,
  'a coding in HTTP/1.0': `GET /livez HTTP/1.0\r\n${HOST}connection: keep-alive\r\n${CHUNKED}\r\n0\r\n\r\n${CLEAR}`,
  'a fragment': `DELETE /cache/clear#pattern=zz* HTTP/1.1\r\n${HOST}\r\n${CLEAR}`,
  'another protocol': `GET /livez HTTP/2.0\r\n${HOST}\r\n${CLEAR}`,
  'two content types': `${POST}content-type: text/plain\r\n\r\n${CLEAR}`,
  'two hosts': `${GET}${HOST}\r\n${CLEAR}`,
  'two lengths': `${GET}content-length: 0\r\ncontent-length: ${CLEAR.length}\r\n\r\n${CLEAR}`,
  'the same length twice': `${GET}content-length: 0\r\ncontent-length: 0\r\n\r\n${CLEAR}`,
  'a list of lengths': `${GET}content-length: 0, ${CLEAR.length}\r\n\r\n${CLEAR}`,
  'a length with a sign': `${GET}content-length: +0\r\n\r\n${CLEAR}`,
  'a negative length': `${GET}content-length: -1\r\n\r\n${CLEAR}`,
  'a hexadecimal length': `${GET}content-length: 0x0\r\n\r\n${CLEAR}`,
  'a length in two parts': `${GET}content-length: 0 0\r\n\r\n${CLEAR}`,
  'bare line feeds': `${GET}content-length: 0\n\n${CLEAR}`,
  'nothing but line feeds': CLEAR.replaceAll('\r\n', '\n'),
  'a bare carriage return': `${GET}x-a: b\rcontent-length: 0\r\n\r\n${CLEAR}`,
  'a folded line': `${GET}x-a: b\r\n content-length: 0\r\n\r\n${CLEAR}`,
  'NUL in a value': `${GET}x-a: b\u0000\r\n\r\n${CLEAR}`,
  'NUL in a name': `${GET}x\u0000a: b\r\n\r\n${CLEAR}`,
  'NUL in the path': `DELETE /cache/clear\u0000 HTTP/1.1\r\n${HOST}\r\n${CLEAR}`,
  'a blank in a name': `${GET}x a: b\r\n\r\n${CLEAR}`,
  'a method in lower case': CLEAR.replace('DELETE', 'delete'),
  'the preface of HTTP/2': `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${CLEAR}`,
}

for (const [name, bytes] of Object.entries(REFUSALS)) {
  t.test(`refused: ${name}`, async (t) => {
    const answers = await exchange(service, bytes)
    t.strictSame(outcomes(answers), REFUSED)
    t.match(answers, /\r\nconnection: close\r\n/i, 'and the connection ends')
    await nothingWasCleared(t)
  })
}

t.test('cut off: a length in the trailer', async (t) => {
  // It is known of too late to refuse the request in front, which has its answer by then.
  const bytes = `${GET}${CHUNKED}\r\n0\r\ncontent-length: ${CLEAR.length}\r\n\r\n${CLEAR}`
  const [first, ...rest] = outcomes(await exchange(service, bytes))
  t.equal(first, '200')
  // Whether the trailer is one or the next request is a matter of time.
  t.ok(rest.length === 0 || rest.join() === REFUSED[0], rest.join())
  await nothingWasCleared(t)
})

/** Chunks that end elsewhere to one reader than to another; the route in front takes a body. */
const CHUNKS: Record<string, string> = {
  'an extension that ends in a line feed': `2;a\n{}\r\n0\r\n\r\n${CLEAR}`,
  'line feeds': `2\n{}\n0\n\n${CLEAR}`,
  'a negative length': `-1\r\n{}\r\n0\r\n\r\n${CLEAR}`,
  'a prefixed length': `0x2\r\n{}\r\n0\r\n\r\n${CLEAR}`,
  'a length beyond 64 bits': `1${'0'.repeat(16)}2\r\n{}\r\n0\r\n\r\n${CLEAR}`,
  'more than was announced': `2\r\n{}${CLEAR}\r\n0\r\n\r\n`,
}
for (const [name, body] of Object.entries(CHUNKS)) {
  t.test(`chunks: ${name}`, async (t) => {
    const answered = outcomes(await exchange(service, `${POST}${CHUNKED}\r\n${body}`))
    t.equal(answered.at(-1), REFUSED[0])
    t.ok(answered.length <= 2, 'nothing behind it is answered')
    await nothingWasCleared(t)
  })
}

/** Honest lengths: the clear is a body, and the next request is where it ends. One in chunks, which nobody reads, ends the connection. */
const BODIES: Record<string, [bytes: string, answers: string[]]> = {
  'of a GET': [`${GET}content-length: ${CLEAR.length}\r\n\r\n${CLEAR}`, ['200', '200']],
  'in a chunk with an extension': [
    `${GET}${CHUNKED}\r\n${CLEAR.length.toString(16)};a="0\t"\r\n${CLEAR}\r\n0\r\n\r\n`,
    ['200'],
  ],
}
for (const [name, [bytes, answers]] of Object.entries(BODIES)) {
  t.test(`a body ${name}`, async (t) => {
    t.strictSame(outcomes(await exchange(service, bytes + LAST)), answers)
    await nothingWasCleared(t)
  })
}

/** A body that cannot be parsed ends the connection: what follows it is neither answered nor done. */
for (const path of ['/nope', '/api/admin/cache/clear']) {
  t.test(`a body of POST ${path}`, async (t) => {
    const head = `POST ${path} HTTP/1.1\r\n${HOST}content-type: application/json\r\n`
    const bytes = `${head}content-length: ${CLEAR.length}\r\n\r\n${CLEAR}`
    t.strictSame(outcomes(await exchange(service, bytes + CLEAR)), ['400 invalid_body'])
    await nothingWasCleared(t)
  })
}

t.test('clears behind other requests are done in their turn', async (t) => {
  const before = service.log.length
  const answers = outcomes(await exchange(service, `${GET}\r\n${CLEAR}${GET}\r\n${CLEAR}${LAST}`))
  t.strictSame(clearsDone(answers), ['200', '200', '200', '200', '200'])
  t.equal(service.log.slice(before).filter((line) => line.msg === 'cache cleared').length, 2)
})

t.test('the same bytes, sent as a request of their own, do clear', async (t) => {
  t.strictSame(clearsDone(outcomes(await exchange(service, CLEAR + LAST))), ['200', '200'])
  t.ok(isCleared())
  t.equal((await send(service, ENTRY)).headers['x-cache'], 'MISS')
})
