// The same answer compressed by another instance has other bytes: a head that was kept for the first ones does not go out with them.
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { RouteCounts } from '../../../src/http/request-counts.ts'
import { entryWith } from '../../support/held-entries.ts'
import { bareHotAnswers } from '../../support/bare-hot-answers.ts'

t.test('its length is that of the bytes that are sent', async (t) => {
  const storedAt = Date.now()
  const body = Buffer.from('{"data":"' + 'abcdefghij '.repeat(2000) + '"}')
  const entries = [9, 1, 9].map((level) => ({
    ...entryWith(body, { etag: '"same"', storedAt }),
    gzip: gzipSync(body, { level }),
  }))
  t.not(entries[0]!.gzip.length, entries[1]!.gzip.length)
  let entry = entries[0]!
  const hot = bareHotAnswers(() => entry)
  hot.remember('/', 'key', new RouteCounts('GET', '/', true))
  const server = createServer((asked, response) => {
    if (!hot.answer(asked, response, () => undefined)) response.writeHead(500).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const { port } = server.address() as AddressInfo
  const ask = async () => {
    const sent = request({ port, host: '127.0.0.1', headers: { 'accept-encoding': 'gzip' } }).end()
    const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream & { headers: object }]
    return { headers: response.headers, bytes: await buffer(response) }
  }
  for (entry of entries) {
    // Once written, from then on taken over.
    for (const time of ['first', 'second']) {
      const { headers, bytes } = await ask()
      t.match(headers, { 'content-encoding': 'gzip', 'content-length': String(entry.gzip.length) }, time)
      t.ok(gunzipSync(bytes).equals(body))
    }
  }
})
