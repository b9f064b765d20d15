// A stop reads what has arrived before it ends connections that look idle: a request that nobody has read yet is one.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import Fastify from 'fastify'
import t from 'tap'
import { loadConfig } from '../../../src/config.ts'
import drain from '../../../src/plugins/drain.ts'
import timePlugin from '../../../src/plugins/time.ts'
import { SYSTEM_TIME } from '../../../src/time/time.ts'

const DRAIN_MS = 20
const PATIENCE_MS = 20_000

/** A client on a thread of its own, which writes while this one stands still. Cells: 1 tells it to write, 2 that it has written. */
const CLIENT = `
const { connect } = require('node:net')
const { parentPort, workerData } = require('node:worker_threads')
const cell = new Int32Array(workerData.shared)
const request = 'GET / HTTP/1.1\\r\\nhost: localhost\\r\\n\\r\\n'
const socket = connect(workerData.port, '127.0.0.1', () => socket.write(request))
let received = ''
socket.on('data', (chunk) => {
  received += chunk
  if (!received.endsWith('answer')) return
  parentPort.postMessage(received)
  received = ''
  if (Atomics.load(cell, 0) !== 0) return
  // The connection is idle from here on.
  setImmediate(() => {
    Atomics.wait(cell, 0, 0)
    socket.write(request, () => {
      Atomics.store(cell, 0, 2)
      Atomics.notify(cell, 0)
    })
  })
})
socket.on('error', (error) => parentPort.postMessage(error.message))
socket.on('close', () => parentPort.close())
`

t.test('a request that arrived and was not read is answered', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(timePlugin, { time: SYSTEM_TIME })
  await app.register(drain, { config: loadConfig({ STOP_DRAIN_MS: String(DRAIN_MS) }) })
  app.get('/', () => 'answer')
  await app.listen({ host: '127.0.0.1', port: 0 })
  const shared = new SharedArrayBuffer(4)
  const cell = new Int32Array(shared)
  const { port } = app.server.address() as AddressInfo
  const client = new Worker(CLIENT, { eval: true, workerData: { shared, port } })
  t.teardown(() => client.terminate())
  const [first] = (await once(client, 'message')) as [string]
  t.match(first, /^HTTP\/1.1 200 OK\r\n(.*\r\n)*connection: keep-alive\r\n/i)

  const second = once(client, 'message') as Promise<[string]>
  const drained = app.drain(PATIENCE_MS)
  // Stands still until the drain is due: no socket is looked at between this and its going on.
  setImmediate(() => {
    Atomics.store(cell, 0, 1)
    Atomics.notify(cell, 0)
    Atomics.wait(cell, 0, 1, PATIENCE_MS)
    t.equal(Atomics.load(cell, 0), 2, 'it was sent meanwhile')
    Atomics.wait(cell, 0, 2, DRAIN_MS * 3)
  })
  await drained
  t.match((await second)[0], /^HTTP\/1.1 200 OK\r\n(.*\r\n)*connection: close\r\n(.*\r\n)*\r\nanswer$/i)
})
