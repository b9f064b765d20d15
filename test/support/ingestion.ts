// Bodies to send to a service, and what it answers.
import { once } from 'node:events'
import { request as sendRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { LoadReport } from '../../src/loading/report.ts'
import type { RawAnswer } from './http.ts'
import { article, ndjson } from './loading.ts'
import { answerTo, jsonOf } from './answers.ts'
import type { TestService } from './service.ts'

export type Report = Omit<LoadReport, 'scoresChanged'> & { dry_run: boolean; took_ms: number }

export const ARTICLES = '/api/v1/ingest/articles'
export const BARS = '/api/v1/ingest/bars?symbol=%5EGSPC'
export const NDJSON = { 'content-type': 'application/x-ndjson' }
export const CSV = { 'content-type': 'text/csv' }
export const JSON_ARRAY = { 'content-type': 'application/json' }
export const GZIP = { 'content-encoding': 'gzip' }

/** How much the machine can do is another matter. */
export const PATIENT = { PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0' }

/** So many articles, as lines. */
export function articleLines(from: number, count: number): string {
  return ndjson(
    Array.from({ length: count }, (_, index) => article(from + index, { summary: 'x'.repeat(100) })),
  )
}

/** A request whose body is written bit by bit. */
export function begin(
  t: Test,
  { url }: { url: string },
  path = ARTICLES,
  headers: Record<string, string> = NDJSON,
): { sent: ClientRequest; answer: Promise<RawAnswer> } {
  const sent = sendRequest(url, { path, method: 'POST', headers })
  sent.on('error', () => undefined)
  t.teardown(() => sent.destroy())
  const answer = once(sent, 'response').then(async ([response]) => {
    const { statusCode = 0, headers } = response as IncomingMessage
    const body = await text(response as IncomingMessage)
    return answerTo(`POST ${path}`, { status: statusCode, headers, body })
  })
  answer.catch(() => undefined)
  return { sent, answer }
}

/** Posts a body, as a stream where it is one; resolves with the answer, whether or not all of the body was taken. */
export function post(
  { url }: Pick<TestService, 'url'>,
  path: string,
  headers: Record<string, string>,
  body: string | Buffer | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = sendRequest(url, { path, method: 'POST', headers })
    let answered = false
    sent.on('response', (response) => {
      answered = true
      text(response).then(
        (body) =>
          resolve(
            answerTo(`POST ${path}`, { status: response.statusCode ?? 0, headers: response.headers, body }),
          ),
        reject,
      )
    })
    sent.on('error', (error) => {
      if (!answered) reject(error)
    })
    if (typeof body === 'string' || Buffer.isBuffer(body)) sent.end(body)
    else Readable.from(body).pipe(sent)
  })
}

/** @throws Error that shows the answer, for anything but 200. */
export async function ingest(...given: Parameters<typeof post>): Promise<Report> {
  return jsonOf<Report>(await post(...given))
}
