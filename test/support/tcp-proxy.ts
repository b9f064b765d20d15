// A TCP proxy of the test's own, for a network that loses what it is given, ends connections, or takes its time with answers.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Test } from 'tap'
import { inTurn } from './in-turn.ts'

export interface TcpProxy {
  port: number
  /** Connections accepted so far. */
  readonly accepted: number
  /** From now on swallows everything, of connections that are made later, too. */
  swallow(): void
  /** From now on ends every connection, later ones as soon as they are made. */
  refuse(): void
  /** Passes on again what connections made from now on bring; those that lost something are closed. */
  forward(): void
  /**
   * Answers come late.
   *
   * @param delayMs asked about every piece of data from a client: what the target sends on that connection from then on is kept for so long.
   */
  delay(delayMs: (data: Buffer) => number): void
  /** Keeps back what is answered to the next piece of data from a client that `concerns` picks out, and all that follows on that connection. */
  holdNext(concerns: (data: Buffer) => boolean): HeldAnswer
  /** Resolves when a client has sent data that `concerns` picks out. */
  passes(concerns: (data: Buffer) => boolean): Promise<void>
}

export interface HeldAnswer {
  /** Resolves when the target has answered: what the answer says is settled, and nobody knows it yet. */
  caught: Promise<void>
  /** Lets the answer go, or keeps none back where nothing has come yet. */
  release: () => void
}

interface Hold {
  concerns: (data: Buffer) => boolean
  arrived: () => void
  released: Promise<void>
}

/** @param mustStop asked about every piece of data from a client; true swallows it and all that follows on that connection. */
export async function startProxy(
  t: Test,
  targetPort: number,
  mustStop: (data: Buffer) => boolean = () => false,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const holds = new Set<Hold>()
  const watchers = new Set<(data: Buffer) => void>()
  let state: 'forwarding' | 'swallowing' | 'refusing' = 'forwarding'
  let delayMs: (data: Buffer) => number = () => 0
  let accepted = 0
  const server = createServer((client) => {
    accepted++
    if (state === 'refusing') {
      client.on('error', () => undefined).destroy()
      return
    }
    const target = connect(targetPort, '127.0.0.1')
    const answers = inTurn()
    let isStopped = false
    let hold: Hold | undefined
    const isSilent = (): boolean => state === 'swallowing' || isStopped
    const heard = (data: Buffer): void => {
      if (mustStop(data)) isStopped = true
      watchers.forEach((watch) => watch(data))
      answers.delayMs = delayMs(data)
      const next = [...holds].find(({ concerns }) => concerns(data))
      if (next === undefined || isSilent()) return
      holds.delete(next)
      hold = next
      answers.hold(next.released)
    }
    client.on('data', (data) => {
      heard(data)
      if (!isSilent()) target.write(data)
    })
    target.on('data', (data) => {
      hold?.arrived()
      if (!isSilent()) answers.add(() => client.write(data))
    })
    // A black hole does not say that the other side has hung up.
    client.on('end', () => isSilent() || target.end())
    target.on('end', () => isSilent() || answers.add(() => client.end()))
    client.on('close', () => isSilent() || target.destroy())
    target.on('close', () => isSilent() || answers.add(() => client.destroy()))
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
    get accepted() {
      return accepted
    },
    swallow: () => (state = 'swallowing'),
    refuse: () => {
      state = 'refusing'
      closeAll()
    },
    forward: () => {
      state = 'forwarding'
      closeAll()
    },
    delay: (next) => (delayMs = next),
    holdNext: (concerns) => {
      let release!: () => void
      let arrived!: () => void
      const released = new Promise<void>((resolve) => (release = resolve))
      const caught = new Promise<void>((resolve) => (arrived = resolve))
      const hold = { concerns, arrived, released }
      holds.add(hold)
      t.teardown(release)
      return {
        caught,
        release: () => {
          holds.delete(hold)
          release()
        },
      }
    },
    passes: (concerns) =>
      new Promise((resolve) => {
        const watch = (data: Buffer): void => {
          if (!concerns(data)) return
          watchers.delete(watch)
          resolve()
        }
        watchers.add(watch)
      }),
  }
}
