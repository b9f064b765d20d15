// An analyser's endpoint of the test's own, on a free port of the loopback: it answers as the test says, and counts what it was sent.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'

export interface ReceivedCall {
  method: string
  url: string
  headers: IncomingHttpHeaders
  /** Its body as text. */
  text: string
}

export interface AnalyserServer {
  url: string
  port: number
  /** Whole requests, in the order in which they came. */
  calls: ReceivedCall[]
}

type Behaviour = (response: ServerResponse, call: ReceivedCall) => void

export async function analyserServer(
  t: Test,
  behave: Behaviour,
  { beforeBody }: { beforeBody?: (request: IncomingMessage, response: ServerResponse) => boolean } = {},
): Promise<AnalyserServer> {
  const calls: ReceivedCall[] = []
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (beforeBody?.(request, response) === true) return
    const text = (await buffer(request)).toString()
    const call = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, text }
    calls.push(call)
    behave(response, call)
  }
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/judge`, port, calls }
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, json: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
}
