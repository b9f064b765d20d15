// A proxy in front of Redis that loses one direction of its connections, or puts other bytes in the place of answers.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Test } from 'tap'

/** What look-ups, locks and clears send; probes and handshakes are something else. */
const COMMAND = /\r\n(get|set|unlink|scan|evalsha|eval)\r\n/i

export interface FaultProxy {
  port: number
  /** Messages from clients so far that were more than a probe or a handshake. */
  readonly commands: number
  /** From now on nothing reaches Redis, of connections made later neither; what it sends still arrives. */
  loseRequests(): void
  /** From now on Redis does what it is told, and nobody hears of it. */
  loseAnswers(): void
  /** From now on each answer is these bytes instead. */
  answerWith(bytes: (answer: Buffer) => Buffer): void
  /** As it was; all connections are closed. */
  forward(): void
}

export async function startFaultProxy(t: Test, targetPort: number): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  let commands = 0
  let isRequestLost = false
  let answerOf: (answer: Buffer) => Buffer | null = (answer) => answer
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    client.on('data', (data) => {
      if (COMMAND.test(data.toString('latin1'))) commands++
      if (!isRequestLost) target.write(data)
    })
    target.on('data', (data) => {
      const answer = answerOf(data)
      if (answer !== null) client.write(answer)
    })
    client.on('close', () => target.destroy())
    target.on('close', () => client.destroy())
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const closeAll = (): void => sockets.forEach((socket) => socket.destroy())
  t.teardown(() => {
    closeAll()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    get commands() {
      return commands
    },
    loseRequests: () => (isRequestLost = true),
    loseAnswers: () => (answerOf = () => null),
    answerWith: (bytes) => (answerOf = bytes),
    forward: () => {
      isRequestLost = false
      answerOf = (answer) => answer
      closeAll()
    },
  }
}
