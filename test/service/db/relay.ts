// A TCP relay in front of a server, to break the network between two processes that are both well.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'

export interface Relay {
  port: number
  /** Connections made so far are silent from now on, in both directions and for ever; later ones are not. */
  blackHole(): void
}

export async function startRelay(t: Test, targetPort: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  const relay: Server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    client.pipe(target).pipe(client)
    for (const socket of [client, target]) {
      sockets.add(socket)
      // One end going away is the other end's news; there is nobody else to tell.
      socket.on('error', () => undefined)
    }
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    relay.close()
  })
  return {
    port: (relay.address() as AddressInfo).port,
    blackHole: () => {
      for (const socket of sockets) socket.unpipe().pause()
    },
  }
}
