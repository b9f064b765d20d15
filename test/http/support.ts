// What the HTTP tests share: a filled database, requests sent as they are written, and what every problem answer must look like.
import { createReadStream } from 'node:fs'
import { Agent, request as sendRequest, type IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { openPool } from '../../src/db/client.ts'
import { load } from '../../src/loading/load.ts'
import { scorePending } from '../../src/loading/pending-scores.ts'
import { PROBLEMS, type ProblemCode } from '../../src/problems.ts'
import { answerTo, jsonOf, shown } from '../support/answers.ts'
import { startPostgres } from '../support/postgres.ts'
import { createDatabase, type TestService } from '../support/service.ts'
import { articles } from './articles.ts'

const SAMPLE_BARS = fileURLToPath(new URL('../../sample/sp500-daily-2000-2020.csv', import.meta.url))
/** An equity: so few sessions that there are no 7 of them, the first without volume, and never a score. */
const TINY_BARS = `date,open,high,low,close,volume
2020-04-14,10,12,9,10,0
2020-04-15,10,12,9,11,300
2020-04-17,11,12,9,9.9,100
`

/** Sessions on which nothing was traded. */
const STILL_BARS = `date,open,high,low,close,volume
2020-04-16,5,5,5,5,0
2020-04-17,5,5,5,5,0
`

/**
 * A database with the sample's bars as ^GSPC, three bars of an equity TINY, two of STILL, the instrument EMPTY without any, the articles
 * of `articles.ts`, and the source `silent` without any, scores computed. Resolves with its URL.
 */
export async function startFilledDatabase(t: Test): Promise<string> {
  const postgres = await startPostgres(t)
  const url = await createDatabase(postgres)
  const pool = openPool(url, { max: 1 })
  const lines = articles.map((article) => `${JSON.stringify(article)}\n`).join('')
  const bytes = (text: string): Readable => Readable.from([Buffer.from(text)])
  await load({ pool, kind: 'articles', input: bytes(lines) })
  await load({ pool, kind: 'bars', symbol: 'TINY', instrumentKind: 'equity', input: bytes(TINY_BARS) })
  await load({ pool, kind: 'bars', symbol: 'STILL', instrumentKind: 'equity', input: bytes(STILL_BARS) })
  await load({ pool, kind: 'bars', symbol: '^GSPC', input: createReadStream(SAMPLE_BARS) })
  await pool`insert into instruments (symbol, name, kind) values ('EMPTY', 'no bars', 'index')`
  await pool`insert into media_sources (code, name) values ('silent', 'no articles')`
  // Or each service that starts here would begin with that, and be late with all else.
  await scorePending({ pool, bondSymbol: undefined, insists: true })
  // postgres.js would otherwise keep the session until its idle limit.
  await pool.end()
  return url
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
