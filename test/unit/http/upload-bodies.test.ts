// A body on its way in, held to its limits as it is sent and as it unpacks.
import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { receiveUpload } from '../../../src/http/upload.ts'
import { SYSTEM_TIME } from '../../../src/time/time.ts'

const MAX_BYTES = 100_000
const PATIENT_MS = 60_000

interface Sent {
  body: Buffer
  gzip?: boolean
  /** Says how long it is. */
  length?: boolean
  /** Breaks no connection and never ends. */
  endless?: boolean
  progressMs?: number
}

/** What a reader gets of a body: how many bytes, or the code of what ended it. */
async function received(
  t: Test,
  { body, gzip = false, length = false, endless = false, progressMs = PATIENT_MS }: Sent,
) {
  const server = createServer((raw, response) => {
    const read = async (): Promise<string> => {
      const upload = receiveUpload(raw, gzip, { maxBytes: MAX_BYTES, progressMs, time: SYSTEM_TIME })
      try {
        return String((await buffer(upload.stream)).length)
      } catch (error) {
        return String((upload.failure() as { code?: string } | null)?.code ?? error)
      } finally {
        upload.end()
      }
    }
    read()
      .catch((error: unknown) => (error as { code: string }).code)
      .then(
        (text) => response.end(text),
        () => response.destroy(),
      )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sent = request({ port, host: '127.0.0.1', method: 'POST', agent: false })
  t.teardown(() => {
    sent.destroy()
    server.closeAllConnections()
    server.close()
  })
  sent.on('error', () => undefined)
  if (length) sent.setHeader('content-length', body.length)
  else sent.setHeader('transfer-encoding', 'chunked')
  if (endless) sent.write(body)
  else sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return (await buffer(response)).toString()
}

t.test('bodies up to the limit pass, packed or not', async (t) => {
  const body = Buffer.alloc(MAX_BYTES)
  for (const length of [true, false]) {
    t.equal(await received(t, { body, length }), String(MAX_BYTES))
    t.equal(await received(t, { body: gzipSync(body), gzip: true, length }), String(MAX_BYTES))
  }
})

t.test('one byte more does not, whatever is said of it', async (t) => {
  const body = Buffer.alloc(MAX_BYTES + 1)
  for (const length of [true, false]) {
    t.equal(await received(t, { body, length }), 'body_too_large')
    t.equal(await received(t, { body: gzipSync(body), gzip: true, length }), 'body_too_large')
  }
})

t.test('a packed body that breaks off is none', async (t) => {
  const packed = gzipSync(Buffer.from('a line\n'.repeat(1000)))
  for (const cut of [1, 8, packed.length >> 1])
    t.equal(
      await received(t, { body: packed.subarray(0, -cut), gzip: true }),
      'Z_BUF_ERROR',
      `${cut} bytes short`,
    )
  t.equal(await received(t, { body: Buffer.from('a line\n'), gzip: true }), 'Z_DATA_ERROR')
})

t.test('a body that does not get on is given up', async (t) => {
  t.equal(await received(t, { body: Buffer.alloc(10), endless: true, progressMs: 50 }), 'request_timeout')
})
