// An analyser for tests: a real HTTP server that counts the calls it gets and answers as it is told.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'

export interface Call {
  text: string
  language: string | null
  tone: string | null
  parameters: Record<string, unknown>
  body: Buffer
}

export interface TestAnalyser {
  url: string
  /** In the order in which they came. */
  calls: Call[]
  /** How the next calls are answered; each gets its result after `delayMs` unless this says otherwise. */
  answer: (call: Call, response: ServerResponse) => void
  delayMs: number
}

/** Answers `{"verdict": {"length", "call"}}`. */
export async function startAnalyser(t: Test, { delayMs = 0 } = {}): Promise<TestAnalyser> {
  const analyser: TestAnalyser = {
    url: '',
    calls: [],
    delayMs,
    answer: ({ body }, response) => {
      const verdict = { length: body.length, call: analyser.calls.length }
      setTimeout(() => sendJson(response, { verdict }), analyser.delayMs).unref()
    },
  }
  const server = createServer((request, response) => {
    void callOf(request).then((call) => {
      analyser.calls.push(call)
      analyser.answer(call, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  analyser.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return analyser
}

export function sendJson(response: ServerResponse, value: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

async function callOf(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const isJson = request.headers['content-type']?.startsWith('application/json') === true
  const given = (isJson ? JSON.parse(body.toString()) : {}) as Partial<Call>
  const { text = '', language = null, tone = null, parameters = {} } = given
  return { text, language, tone, parameters, body }
}

/** The ANALYSERS file with one paid analyser, `paid`, at 0.002 EUR a call, unless `fields` say otherwise. Its path. */
export async function analysersFile(t: Test, url: string, fields: object = {}): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'barometer-analysers-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const file = path.join(directory, 'analysers.json')
  const paid = {
    name: 'paid',
    kind: 'http',
    url,
    version: '1',
    result: '/verdict',
    cost: '0.002',
    currency: 'EUR',
    accepts: ['text', 'file'],
    timeout_ms: 30_000,
    concurrency: 8,
    ...fields,
  }
  await writeFile(file, JSON.stringify({ analysers: [paid] }))
  return file
}
