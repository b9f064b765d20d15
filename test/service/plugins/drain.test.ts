// A stop as connections see it, on the service's own listener and by a clock that the test moves.
import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import fastify from 'fastify'
import t, { type Test } from 'tap'
import { loadConfig } from '../../../src/config.ts'
import drainPlugin from '../../../src/plugins/drain.ts'
import timePlugin from '../../../src/plugins/time.ts'
import { until } from '../../support/until.ts'
import { manualTime } from '../../support/manual-time.ts'

const DRAIN_MS = 3000
const LIMIT_MS = 7000

async function begin(t: Test) {
  const time = manualTime()
  const log: string[] = []
  const app = fastify({ logger: { stream: { write: (line: string) => void log.push(line) } } })
  await app.register(timePlugin, { time })
  await app.register(drainPlugin, { config: loadConfig({ STOP_DRAIN_MS: String(DRAIN_MS) }) })
  app.get('/', () => 'answer')
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  const { port } = app.server.address() as AddressInfo
  let accepted = 0
  app.server.on('connection', () => accepted++)
  /** A connection that the service knows of, and what came on it. */
  const open = async (): Promise<{ socket: Socket; text: () => string; closed: Promise<unknown> }> => {
    let text = ''
    const before = accepted
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    socket.on('error', () => undefined).on('data', (chunk: string) => (text += chunk))
    await until('it is accepted', () => accepted > before)
    t.teardown(() => socket.destroy())
    return { socket, text: () => text, closed: once(socket, 'close') }
  }
  const state = { isOver: false }
  const drain = () => void app.drain(LIMIT_MS).then(() => (state.isOver = true))
  return { app, port, time, log, open, drain, state }
}

const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'

t.test(
  'for as long as it is announced requests are taken, and told that their connection ends',
  async (t) => {
    const { app, port, time, log, open, drain, state } = await begin(t)
    const idle = await open()
    idle.socket.write(GET)
    await until('the first answer', () => idle.text().endsWith('answer'))
    t.match(idle.text(), /connection: keep-alive/i)
    drain()
    await time.advance(DRAIN_MS - 1)
    t.equal(app.isStopping(), true)
    idle.socket.write(GET)
    await idle.closed
    t.match(idle.text(), /connection: close\r\n[^]*answer$/i)
    const another = await open()
    await time.advance(1)
    await another.closed
    await time.advance(50)
    t.equal(state.isOver, true)
    await t.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' })
    t.strictSame(
      log.filter((line) => line.includes('cut off')),
      [],
    )
  },
)

t.test('idle connections end when the announcement is over, and not before', async (t) => {
  const { time, open, drain, state } = await begin(t)
  const [silent, asked] = [await open(), await open()]
  asked.socket.write(GET)
  await until('the answer', () => asked.text().endsWith('answer'))
  drain()
  await time.advance(DRAIN_MS - 1)
  t.strictSame([silent.socket.destroyed, asked.socket.destroyed], [false, false])
  await time.advance(1)
  await Promise.all([silent.closed, asked.closed])
  await time.advance(50)
  t.equal(state.isOver, true)
})

t.test('a request that never becomes whole is cut off at the limit, and not before', async (t) => {
  const { time, log, open, drain, state } = await begin(t)
  const half = await open()
  half.socket.write('GET / HTTP/1.1\r\nhost: x\r\n')
  // Read by the time that a whole one, sent later, is answered.
  const whole = await open()
  whole.socket.write(GET)
  await until('the answer', () => whole.text().endsWith('answer'))
  drain()
  await time.advance(LIMIT_MS - 1)
  t.strictSame([half.socket.destroyed, state.isOver], [false, false])
  await time.advance(50)
  await half.closed
  t.equal(state.isOver, true)
  t.match(log.join(''), /connections still busy are cut off/)
})
