// What the HTTP tests share: a filled database, requests sent as they are written, and what every problem answer must look like.
import { Agent, request as sendRequest, type IncomingHttpHeaders } from 'node:http'
import { gunzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { PROBLEMS, type ProblemCode } from '../../src/problems.ts'
import { answerTo, jsonOf, shown } from './answers.ts'
import { createFilledDatabase } from './databases.ts'
import { sharedPostgres } from './postgres.ts'
import type { TestService } from './service.ts'

/** A database of the test's own, on the run's server, filled as `createFilledDatabase` says. Its URL. */
export async function startFilledDatabase(t: Test): Promise<string> {
  return createFilledDatabase(await sharedPostgres(t))
}

/** Commits one statement past the triggers, so that nobody hears of it. */
export async function writeUnannounced({ database }: TestService, statement: string): Promise<void> {
  await database.pool.begin(async (transaction) => {
    await transaction`set local session_replication_role = replica`
    await transaction.unsafe(statement)
  })
}

export interface RawAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

export interface RawRequest {
  method?: string
  headers?: Record<string, string | string[]>
  body?: string | Buffer
  agent?: Agent
}

/** Sends a path exactly as it is written: fetch would put it in order first. A gzipped answer comes unpacked. */
export function send(
  { url }: Pick<TestService, 'url'>,
  path: string,
  { body, ...options }: RawRequest = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = sendRequest(url, { path, ...options }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0, headers } = response
        const bytes = Buffer.concat(chunks)
        // Neither HEAD nor a 304 has any.
        const body = headers['content-encoding'] === 'gzip' && bytes.length > 0 ? gunzipSync(bytes) : bytes
        const answer = { status: statusCode, headers, body: body.toString() }
        resolve(answerTo(`${options.method ?? 'GET'} ${path}`, answer))
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

interface ProblemBody {
  type: string
  title: string
  status: number
  code: ProblemCode
  detail: string
  request_id: string
  errors?: { parameter: string; detail: string }[]
}

/** What tells of the inside: a stack, a file, a module, a statement, a table or a driver. */
const INTERNAL =
  /\n\s+at |\.[jt]s\b|node_modules|FST_|\b(select|insert|where|media_articles|daily_bars|SQLSTATE|postgres|redis)\b/i

/** Asserts a problem answer of this code that names these parameters, and nothing of the inside. */
export function isProblem(
  t: Test,
  answer: RawAnswer,
  code: ProblemCode,
  parameters: string[] = [],
  message: string = code,
): void {
  const { status, title } = PROBLEMS[code]
  const problem = problemIn(answer)
  if (problem === null) {
    t.fail(`${message}: no problem: ${shown(answer)}`)
    return
  }
  const errors = problem.errors ?? []
  t.strictSame(
    {
      status: answer.status,
      contentType: answer.headers['content-type'],
      cacheControl: answer.headers['cache-control'],
      body: { ...problem, detail: null, errors: errors.map((error) => error.parameter) },
      wordless: [problem, ...errors].filter(({ detail }) => detail.length < 6),
      internal: INTERNAL.exec(answer.body)?.[0],
    },
    {
      status,
      contentType: 'application/problem+json; charset=utf-8',
      cacheControl: 'no-store',
      body: {
        type: `urn:barometer:problem:${code}`,
        title,
        status,
        code,
        detail: null,
        request_id: answer.headers['x-request-id'],
        errors: parameters,
      },
      wordless: [],
      internal: undefined,
    },
    message,
    { answered: shown(answer) },
  )
}

/** Null where the body is none. */
function problemIn({ body }: RawAnswer): ProblemBody | null {
  try {
    const problem = JSON.parse(body) as Partial<ProblemBody> | null
    return typeof problem?.detail === 'string' ? (problem as ProblemBody) : null
  } catch {
    return null
  }
}

/** Gets JSON; rejects for an answer that is none, and says which. */
export async function getJson<Body>(service: Pick<TestService, 'url'>, path: string): Promise<Body> {
  return jsonOf<Body>(await send(service, path))
}

export function detailOf(answer: RawAnswer): string {
  const problem = problemIn(answer)
  if (problem === null) throw new Error(`expected a problem, but ${shown(answer)}`)
  return problem.detail
}
