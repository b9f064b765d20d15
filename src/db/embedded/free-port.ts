// A port for a server that has to be told one before it starts.
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

/** A loopback port on which nobody listens; it is not held, so somebody else may take it first. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
