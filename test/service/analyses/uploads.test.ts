// Files: by raw body and by form, hashed as they stream, and nothing left of one that is cut off or too large.
import { createHash, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import t from 'tap'
import { analysersFile, startAnalyser } from '../../support/analyser.ts'
import { isProblem, send, startFilledDatabase } from '../../support/http.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const MIB = 1024 * 1024
const analyser = await startAnalyser(t)
const service = await startService(t, {
  DATABASE_URL: await startFilledDatabase(t),
  ANALYSERS: await analysersFile(t, analyser.url, { languages: ['en'], parameters: ['depth'] }),
})
const POST = { method: 'POST' } as const
const post = (body: Buffer | string, headers: Record<string, string> = {}, query = '') =>
  send(service, `/api/v1/analyses${query}`, {
    ...POST,
    headers: { 'content-type': 'image/png', ...headers },
    body,
  })
const form = (parts: [string, string | Buffer][]) => {
  const boundary = 'ours'
  const body = parts.map(([name, value]) =>
    Buffer.concat([
      Buffer.from(
        `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${typeof value === 'string' ? '' : '; filename="a.png"\r\ncontent-type: image/png'}\r\n\r\n`,
      ),
      Buffer.from(value),
      Buffer.from('\r\n'),
    ]),
  )
  const whole = Buffer.concat([...body, Buffer.from(`--${boundary}--\r\n`)])
  return post(whole, { 'content-type': `multipart/form-data; boundary=${boundary}` })
}
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

t.test('10 MB by raw body and by form are one content', async (t) => {
  const file = randomBytes(10 * MIB - 100)
  const calls = analyser.calls.length
  const raw = await post(file)
  t.strictSame([raw.status, raw.headers['x-cache']], [200, 'MISS'], raw.body)
  t.match(JSON.parse(raw.body), { hash: hashOf(file), kind: 'file', result: { length: file.length } })
  t.ok(analyser.calls.at(-1)?.body.equals(file))
  const formed = await form([['file', file.subarray(0, 1000)]])
  t.equal(formed.headers['x-cache'], 'MISS', formed.body)
  t.equal((await form([['file', file.subarray(0, 1000)]])).headers['x-cache'], 'HIT')
  t.equal((await post(file.subarray(0, 1000))).headers['x-cache'], 'HIT', 'the same as raw body')
  t.equal(analyser.calls.length, calls + 2)
  const found = await send(service, `/api/v1/analyses/${hashOf(file)}`)
  t.equal(found.body, raw.body)
})

t.test('what is asked of a file stands in the query or in the form', async (t) => {
  const file = randomBytes(1000)
  const plain = await post(file, {}, '?language=en&parameters=%7B%22depth%22%3A2%7D')
  t.match(JSON.parse(plain.body), { language: 'en', parameters: { depth: 2 } })
  const formed = await form([
    ['language', 'EN'],
    ['parameters', '{"depth":2}'],
    ['file', file],
  ])
  t.strictSame([formed.headers['x-cache'], formed.body], ['HIT', plain.body])
  isProblem(t, await post(file, {}, '?language=fr'), 'invalid_parameter', ['language'])
  isProblem(t, await post(file, {}, '?parameters=%7B%22width%22%3A2%7D'), 'invalid_parameter', [
    'parameters.width',
  ])
  isProblem(t, await post(file, {}, '?analyser=lexicon'), 'invalid_parameter', ['analyser'])
  isProblem(t, await post(file, {}, '?analyser=nobody'), 'invalid_parameter', ['analyser'])
  isProblem(t, await post(file, {}, '?colour=red'), 'invalid_parameter', ['colour'])
  isProblem(
    t,
    await form([
      ['file', file],
      ['file', file],
    ]),
    'invalid_body',
    ['file'],
  )
  isProblem(t, await form([['language', 'en']]), 'invalid_body', ['file'])
  isProblem(
    t,
    await form([
      ['file', file],
      ['colour', 'red'],
    ]),
    'invalid_body',
    ['colour'],
  )
  isProblem(
    t,
    await post('{"text":"x"}', { 'content-type': 'application/json' }, '?language=en'),
    'invalid_parameter',
    ['language'],
  )
})

t.test('over the limit, empty, or cut half-way: nothing is kept, and nobody is paid', async (t) => {
  const calls = analyser.calls.length
  const rows = async () =>
    (await service.database.pool`select from analyses union all select from analysis_claims`).length
  const before = await rows()
  isProblem(t, await post(Buffer.alloc(10 * MIB + 1)), 'body_too_large')
  isProblem(t, await form([['file', Buffer.alloc(10 * MIB + 1)]]), 'body_too_large')
  isProblem(t, await post(Buffer.alloc(0)), 'invalid_body', ['file'])
  const { port } = new URL(service.url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(
    'POST /api/v1/analyses HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: 1000000\r\n\r\n',
  )
  socket.write(Buffer.alloc(400_000), () => socket.destroy())
  await until('it is given up', () => service.app.server.listening && socket.destroyed)
  await until(
    'its connection is gone',
    async () => {
      const count = await new Promise<number>((resolve) =>
        service.app.server.getConnections((_error, open) => resolve(open)),
      )
      return count === 0 || count
    },
    (count) => Number(count) <= 1,
  )
  t.equal(await rows(), before)
  t.equal(analyser.calls.length, calls)
})
