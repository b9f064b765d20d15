// Clients of one instance on connections that they keep: as many requests at a time as they are, none behind another. Bare sockets, as a thousand
// clients in one process must not take the machine from the servers under test.
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'

export interface Reply {
  status: number
  /** `X-Cache`, empty where there is none. */
  from: string
  /** A character for each byte. */
  body: string
}

export interface Callers {
  /** A request that waits only where all connections are in use. @throws when the connection ends before the answer is whole. */
  get(path: string): Promise<Reply>
}

/** @param count connections at most. */
export function startCallers(t: Test, url: string, count: number): Callers {
  const all = new Set<Socket>()
  const idle: Socket[] = []
  const waiting: ((socket: Socket) => void)[] = []
  const { hostname, port, host } = new URL(url)
  t.teardown(() => all.forEach((socket) => socket.destroy()))

  const open = (): Socket => {
    const socket = connect(Number(port), hostname).setNoDelay(true).setEncoding('latin1')
    all.add(socket)
    // Whoever asked on it is told by the close.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      all.delete(socket)
      const place = idle.indexOf(socket)
      if (place !== -1) idle.splice(place, 1)
      if (waiting.length > 0) waiting.shift()!(open())
    })
    return socket
  }
  const take = (): Socket | Promise<Socket> => {
    const socket = idle.pop()
    if (socket !== undefined) return socket
    return all.size < count ? open() : new Promise((resolve) => void waiting.push(resolve))
  }
  const giveBack = (socket: Socket): void => {
    const next = waiting.shift()
    if (next === undefined) idle.push(socket)
    else next(socket)
  }
  return {
    get: async (path) => {
      const socket = await take()
      return new Promise((resolve, reject) => {
        let received = ''
        const settle = (): void => {
          socket.off('data', onData)
          socket.off('close', onClose)
        }
        const onClose = (): void => {
          settle()
          reject(new Error(`${path}: the connection ended after ${received.length} bytes`))
        }
        const onData = (chunk: string): void => {
          received += chunk
          const reply = wholeReply(received)
          if (reply === null) return
          settle()
          giveBack(socket)
          resolve(reply)
        }
        socket.on('data', onData)
        socket.on('close', onClose)
        socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`)
      })
    },
  }
}

function wholeReply(text: string): Reply | null {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return null
  const head = text.slice(0, end)
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1])
  const body = text.slice(end + 4)
  if (!(body.length >= length)) return null
  return {
    status: Number(head.slice(9, 12)),
    from: /\r\nx-cache: (\w+)/i.exec(head)?.[1] ?? '',
    body,
  }
}
