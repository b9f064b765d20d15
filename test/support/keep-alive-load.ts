// Clients on keep-alive connections, each sending its next request when it has the last answer, until the service says it stops.
import { connect, type Socket } from 'node:net'

export interface LoadResult {
  /** Answers that arrived whole, by status. */
  answers: Record<number, number>
  /** Requests that were sent and got no whole answer. */
  lost: string[]
  /** Connections that the service announced to end, with `connection: close`. */
  announced: number
  /** Connections that ended with nothing asked on them. */
  endedIdle: number
}

export interface Load {
  /** Resolves when this many answers have arrived. */
  answered(count: number): Promise<void>
  /** Resolves when each of the connections has ended. */
  finished: Promise<LoadResult>
}

/**
 * Bare sockets, as HTTP clients hide what is asked for here: they repeat a request by themselves when its connection ends.
 *
 * @param paths asked for in turn on each connection; null sends nothing and waits for the end.
 * @param maySend asked before each request but the first; false leaves the connection idle.
 */
export function startLoad(
  url: string,
  connections: number,
  paths: (string | null)[],
  maySend: () => boolean = () => true,
): Load {
  const result: LoadResult = { answers: {}, lost: [], announced: 0, endedIdle: 0 }
  const waiting: { count: number; resolve: () => void }[] = []
  let total = 0
  const onAnswer = (status: number): void => {
    result.answers[status] = (result.answers[status] ?? 0) + 1
    total++
    for (const { count, resolve } of waiting) if (total >= count) resolve()
  }
  const ends = Array.from({ length: connections }, (_, index) => {
    const path = paths[index % paths.length] ?? null
    return converse(url, path, maySend, result, onAnswer)
  })
  return {
    answered: (count) => new Promise((resolve) => void waiting.push({ count, resolve })),
    finished: Promise.all(ends).then(() => result),
  }
}

async function converse(
  url: string,
  path: string | null,
  maySend: () => boolean,
  result: LoadResult,
  onAnswer: (status: number) => void,
): Promise<void> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  const state = { asked: false, announced: false }
  let received = ''
  const ask = (): void => {
    state.asked = true
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`)
  }
  if (path !== null) ask()
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk
    const answer = wholeAnswer(received)
    if (answer === null) return
    received = received.slice(answer.length)
    state.asked = false
    onAnswer(answer.status)
    state.announced = answer.close
    if (answer.close) result.announced++
    else if (maySend()) ask()
  })
  const failure = await ended(socket)
  if (state.asked) result.lost.push(`${path}: ${failure}, ${received.length} bytes`)
  else if (!state.announced) result.endedIdle++
}

function ended(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let failure = 'ended'
    socket.on('error', (error: NodeJS.ErrnoException) => (failure = error.code ?? error.message))
    socket.on('end', () => socket.end())
    socket.on('close', () => resolve(failure))
  })
}

function wholeAnswer(text: string): { status: number; close: boolean; length: number } | null {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return null
  const headers = text.slice(0, head)
  const body = Number(/\r\ncontent-length: (\d+)/i.exec(headers)?.[1])
  const length = head + 4 + body
  if (!(text.length >= length)) return null
  return { status: Number(headers.slice(9, 12)), close: /\r\nconnection: close/i.test(headers), length }
}
