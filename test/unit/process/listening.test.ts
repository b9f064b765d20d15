// Why the service cannot listen, in words that say what to do.
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { listenError, ListenError, requireAddress } from '../../../src/listening.ts'

t.test('a port that is taken is named, with the next one to take; a free one is given back', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: PORT } = server.address() as AddressInfo
  await t.rejects(requireAddress({ HOST: '127.0.0.1', PORT }), {
    name: 'ListenError',
    message: new RegExp(`^port ${PORT} of 127\\.0\\.0\\.1 is taken: .*PORT=${PORT + 1}, or PORT=0`),
  })
  server.close()
  await once(server, 'close')
  await requireAddress({ HOST: '127.0.0.1', PORT })
  await requireAddress({ HOST: '127.0.0.1', PORT })
})

t.test('an address of another machine names HOST', async (t) => {
  await t.rejects(requireAddress({ HOST: '192.0.2.1', PORT: 0 }), {
    message: /^HOST=192\.0\.2\.1 is no address/,
  })
})

t.test('the rest, as the system names it; what is no refusal stays what it is', (t) => {
  const address = { HOST: 'h', PORT: 65_535 }
  const refused = (code: string) =>
    listenError(Object.assign(new Error(code), { code, syscall: 'listen' }), address)
  t.match(refused('EACCES'), { message: /above 1023 with PORT/ })
  t.match(refused('ENOTFOUND'), { message: /^HOST=h is a name without an address/ })
  t.match(refused('EADDRINUSE'), { message: /PORT=65534/ }, 'there is none above the last')
  t.notOk(refused('EIO') instanceof ListenError)
  const defect = new TypeError('defect')
  t.equal(listenError(defect, address), defect)
  t.end()
})
