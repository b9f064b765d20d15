// What changes something waits for the answers in front of it on its connection, and is not carried out where that ends before.
import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import inTurn from '../../../src/plugins/in-turn.ts'
import { gate } from '../../support/gate.ts'

const GET = 'GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n'
const CHANGE = 'POST /change HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n'

/** Sends a slow GET and a change behind it, at once; resolves when both have been read. */
async function sendBoth(t: Test, answer: object) {
  const app = Fastify()
  t.teardown(() => app.close())
  const slow = gate()
  const read = gate()
  let changes = 0
  app.addHook('onRequest', ({ method }, _reply, next) => {
    if (method === 'POST') read.open()
    next()
  })
  await app.register(inTurn)
  app.get('/slow', async (_request, reply) => {
    await slow.promise
    return reply.headers(answer).send('slow')
  })
  app.post('/change', () => `change ${++changes}`)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let received = ''
  const both = gate()
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk
    if (received.endsWith('change 1')) both.open()
  })
  socket.on('error', () => undefined)
  socket.write(GET + CHANGE)
  await read.promise
  for (let turn = 0; turn < 5; turn++) await nextTurn()
  return { slow, socket, both: both.promise, received: () => received, changes: () => changes }
}

t.test('a change waits for the answer in front of it', async (t) => {
  const { slow, both, received, changes } = await sendBoth(t, {})
  t.equal(changes(), 0)
  slow.open()
  await both
  t.match(received(), /\r\n\r\nslowHTTP\/1\.1 200 OK\r\n(.*\r\n)+\r\nchange 1$/)
})

t.test('a change behind an answer that ends the connection is not carried out', async (t) => {
  const { slow, socket, received, changes } = await sendBoth(t, { connection: 'close' })
  slow.open()
  await once(socket, 'close')
  for (let turn = 0; turn < 5; turn++) await nextTurn()
  t.match(received(), /\r\n\r\nslow$/)
  t.equal(changes(), 0)
})
