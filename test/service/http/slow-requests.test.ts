// Requests that take too long to arrive: each ends with a problem and its connection; a slow answer or an idle connection does not.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { isProblem, type RawAnswer } from '../../support/http.ts'

const HEADERS_MS = 300
const REQUEST_MS = 700
const KEEP_ALIVE_MS = 1500
/** Node looks for slow requests as often as headers may be late. */
const LATE_MS = HEADERS_MS + 1000
const TRICKLE_MS = 40
// Each waits for a limit of its own on a connection of its own, and none of them is to be logged.
t.jobs = 7

const service = await startService(t, {
  DATABASE_URL: await createDatabase(await sharedPostgres(t)),
  HEADERS_TIMEOUT_MS: String(HEADERS_MS),
  REQUEST_TIMEOUT_MS: String(REQUEST_MS),
  KEEP_ALIVE_TIMEOUT_MS: String(KEEP_ALIVE_MS),
})
const started = service.log.length
const HEAD = 'POST /api/admin/cache/clear HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n'

interface Conversation {
  socket: Socket
  /** Everything received when the service has closed, and the milliseconds until then. */
  end: Promise<{ text: string; ms: number }>
}

/** Sends `start` at once and then `rest` byte by byte for as long as the connection is open. */
function trickle(start: string, rest: string): Conversation {
  const { port, hostname } = new URL(service.url)
  const began = performance.now()
  const socket = connect(Number(port), hostname)
  let text = ''
  let sent = 0
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  socket.on('error', () => undefined)
  socket.write(start)
  const timer = setInterval(() => socket.write(rest.charAt(sent++ % rest.length)), TRICKLE_MS)
  if (rest === '') clearInterval(timer)
  const end = once(socket, 'close').then(() => {
    clearInterval(timer)
    return { text, ms: performance.now() - began }
  })
  return { socket, end }
}

function parse(text: string): RawAnswer {
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const [status = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]))
  return { status: Number(status.split(' ')[1]), headers, body }
}

for (const { name, start, rest, limit } of [
  { name: 'headers that trickle in', start: 'GET /livez HTTP/1.1\r\nx-slow: ', rest: 'x', limit: HEADERS_MS },
  { name: 'a request line that trickles in', start: 'GET /', rest: 'x', limit: HEADERS_MS },
  { name: 'a connection on which nothing comes', start: '', rest: '', limit: HEADERS_MS },
  {
    name: 'a body that trickles in',
    start: `${HEAD}content-length: 5000\r\n\r\n`,
    rest: ' ',
    limit: REQUEST_MS,
  },
  {
    name: 'a chunked body that trickles in',
    start: `${HEAD}transfer-encoding: chunked\r\n\r\n`,
    rest: '1\r\n \r\n',
    limit: REQUEST_MS,
  },
]) {
  t.test(name, { buffered: true }, async (t) => {
    const { text, ms } = await trickle(start, rest).end
    const answer = parse(text)
    isProblem(t, answer, 'request_timeout')
    t.equal(answer.headers.connection, 'close')
    t.ok(ms >= limit - 1 && ms < limit + LATE_MS, `${Math.round(ms)} ms`)
    t.strictSame(service.log.slice(started), [], 'and it is no failure of the service')
  })
}

t.test(
  'an idle connection is kept for longer than a request may take, and then closed without a word',
  { buffered: true },
  async (t) => {
    const { socket, end } = trickle('GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n', '')
    await once(socket, 'data')
    const { text, ms } = await end
    t.equal(parse(text).status, 200)
    t.notMatch(text, '408')
    t.ok(ms >= KEEP_ALIVE_MS - 1, `${Math.round(ms)} ms`)
  },
)

t.test('an answer may take longer than a request', { buffered: true }, async (t) => {
  const answer = await service.database.pool.begin(async (transaction) => {
    await transaction`lock table media_articles in access exclusive mode`
    const pending = service.get('/api/v1/media/latest')
    await transaction`select pg_sleep(${(REQUEST_MS + LATE_MS) / 1000})`
    return { pending }
  })
  t.equal((await answer.pending).status, 200)
})
