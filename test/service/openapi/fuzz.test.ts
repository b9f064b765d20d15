// 10,000 random and mutated requests to every operation of the document: never a 5xx or a stack, nothing stored of what was refused, and every answer
// is one that the document describes.
import { Agent } from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { EXAMPLES } from '../../../src/openapi/examples.ts'
import { operationId } from '../../../src/openapi/document.ts'
import { PROBLEMS, type ProblemCode } from '../../../src/problems.ts'
import { send, startFilledDatabase, type RawAnswer, type RawRequest } from '../../support/http.ts'
import { startService } from '../../support/service.ts'
import { readDocument, type Operation } from '../../support/openapi-document.ts'
import { sizeOf } from '../../support/sizes.ts'

const RUNS = sizeOf('FUZZED')

const service = await startService(t, {
  DATABASE_URL: await startFilledDatabase(t),
  MAX_OFFSET: '1000',
  ANALYSIS_KEY: '5e'.repeat(32),
})
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
t.teardown(() => agent.destroy())
const document = await readDocument(service)

/** What parameters take, of other routes' as well: random values get past the first check seldom. */
const meaningful = fc.constantFrom(
  ...[
    '0',
    '1',
    '7',
    '20',
    '500',
    '501',
    '1000',
    '1001',
    '-0',
    '1e1',
    '0x10',
    '2147483648',
    '9223372036854775807',
  ],
  ...[
    'asc',
    'desc',
    'exact',
    '^GSPC',
    'TINY',
    'EMPTY',
    'positive',
    'quay-post',
    'silent',
    'null',
    '__proto__',
    '30d',
  ],
  ...[
    '2020-04-01',
    '2020-02-30',
    '0001-01-01',
    '9999-12-31',
    '2020-04-01T00:00:00.000001Z',
    'media:*',
    '*',
    '[',
  ],
  ...Object.values(EXAMPLES).flatMap((examples) =>
    examples.flatMap(({ parameters }) => Object.values(parameters)),
  ),
)
const value = fc.oneof(
  { weight: 4, arbitrary: meaningful.map(encodeURIComponent) },
  fc.integer().map(String),
  fc.double().map((number) => encodeURIComponent(String(number))),
  fc.string({ unit: 'binary' }).map((text) => encodeURIComponent(Buffer.from(text).toString())),
  fc
    .uint8Array({ maxLength: 8 })
    .map((bytes) => Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')),
  fc.base64String().map(encodeURIComponent),
  fc.string().map((text) => text.replace(/[^!$%&'()*+,./:;<=>?@[\]^_`{|}~0-9A-Za-z-]/g, '')),
)
/** Mostly one that is there, once. */
const parameters = ({ names }: Operation) =>
  fc
    .tuple(
      fc.subarray(names),
      fc.array(fc.constantFrom(...names, 'unknown', '__proto__', 'constructor', ''), { maxLength: 2 }),
      fc.integer({ min: 0, max: 9 }),
    )
    .chain(([known, odd, spread]) => {
      const all = spread === 0 ? [...known, ...odd] : known
      return fc.tuple(...all.map((name) => fc.tuple(fc.constant(name), value)))
    })
const headers = fc.dictionary(
  fc.constantFrom(
    'if-none-match',
    'accept',
    'accept-encoding',
    'range',
    'x-request-id',
    'x-api-key',
    'authorization',
    'origin',
  ),
  fc.oneof(
    fc.constantFrom('*', 'W/"x"', 'bytes=0-1', 'br;q=0', 'Bearer x'),
    fc.string().map((text) => text.replace(/[^\x20-\x7e]/g, '')),
  ),
  { maxKeys: 2 },
)
const body = fc.oneof(
  fc.constantFrom('{"pattern":"media:*"}', '{}', '', '{"pattern":"["}', '[]', '{"pattern":1}'),
  fc.constantFrom(
    '{"name":"x"}',
    '{"name":"x","kind":"equity"}',
    '{"name":"","logo_url":"x"}',
    '[{"date":1}]',
  ),
  fc.json(),
  fc.string(),
  fc.record({ pattern: fc.string({ unit: 'binary', maxLength: 70 }) }).map((one) => JSON.stringify(one)),
)
/** As clients and crawlers get addresses wrong. */
const bend = fc.constantFrom<((path: string) => string)[]>(
  ...Array.from({ length: 12 }, () => (path: string) => path),
  (path) => `${path}/`,
  (path) => path.replace('/', '//'),
  (path) => path.toUpperCase(),
  (path) => path.replace('a', '%61'),
  (path) => `${path}%00`,
  (path) => `${path}/..%2f`,
)

interface Request {
  operation: Operation
  method: string
  /** Takes the place of a parameter in the path; encoded, as are the values of the query. */
  inPath: string
  query: [name: string, value: string][]
  headers: Record<string, string>
  body: string
  bend: (path: string) => string
}

const request: fc.Arbitrary<Request> = fc.constantFrom(...document.operations).chain((operation) =>
  fc.record({
    operation: fc.constant(operation),
    method: fc.oneof(
      { weight: 12, arbitrary: fc.constant(operation.method) },
      fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
    ),
    inPath: value.filter((text) => text !== ''),
    query: parameters(operation),
    headers,
    body,
    bend,
  }),
)

/** SHA-256 of "abc". */
const HASH = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

/** What is answered with 200 only by names that random values hit too seldom to be sure of it. */
const SELDOM: [method: string, path: string, Partial<Request>][] = [
  ['GET', '/api/v1/volume/stats', {}],
  ['GET', '/cache/entries', { query: [['key', 'volume:stats:days=30%26symbol=%5EGSPC']] }],
  ['PUT', '/api/v1/media/sources/{code}', { inPath: 'fuzzed', body: '{"name":"x"}' }],
  ['DELETE', '/api/v1/media/sources/{code}', { inPath: 'fuzzed' }],
  ['PUT', '/api/v1/instruments/{symbol}', { inPath: 'FUZZED', body: '{"name":"x","kind":"equity"}' }],
  ['DELETE', '/api/v1/instruments/{symbol}', { inPath: 'FUZZED' }],
  ['GET', '/api/v1/media/{id}', { inPath: '1' }],
  ['GET', '/cache/clears/{seq}', { inPath: '1' }],
  ['POST', '/api/v1/ingest/bars', { query: [['symbol', 'TINY']], body: '[{}]' }],
  ['POST', '/api/v1/ingest/articles', { body: '[{}]' }],
  ['POST', '/api/v1/analyses', { body: '{"text":"abc"}' }],
  ['GET', '/api/v1/analyses/{hash}', { inPath: HASH }],
  ['DELETE', '/api/v1/analyses/{hash}', { inPath: HASH }],
  ['DELETE', '/api/v1/subjects/{subject}', { inPath: 'Jane' }],
]

function exampleOf(operation: Operation, given: Partial<Request>): [Request] {
  const { method } = operation
  return [{ operation, method, inPath: '', query: [], headers: {}, body: '', bend: (path) => path, ...given }]
}

/** Each operation at least as it is, and with a parameter that it refuses: chance is for the rest. */
const examples = [
  ...SELDOM.map(([method, path, given]) => {
    const operation = document.operations.find((one) => one.method === method && one.path === path)
    if (operation === undefined) throw new Error(`${method} ${path} is not in the document`)
    return exampleOf(operation, given)
  }),
  ...document.operations.flatMap((operation) => [
    ...(operation.path.includes('{') ? [] : [exampleOf(operation, {})]),
    ...operation.names.slice(0, 1).map((name) => exampleOf(operation, { inPath: '1', query: [[name, '']] })),
  ]),
]

t.test(`${RUNS} requests`, async (t) => {
  const seen = new Map<string, Set<number>>()
  const property = fc.asyncProperty(
    request,
    async ({ operation, method, inPath, query, headers, body, bend }) => {
      const path = bend(operation.path.replace(/\{\w+\}/, inPath))
      const target = `${path}?${query.map(([name, text]) => `${name}=${text}`).join('&')}`
      const asked: RawRequest = { method, agent, headers }
      if (method === 'POST' || method === 'PUT')
        Object.assign(asked, { body, headers: { ...headers, 'content-type': 'application/json' } })
      const before = await entries()
      const answer = await send(service, target, asked)
      const id = operationId(operation.method.toLowerCase(), operation.path)
      seen.set(id, (seen.get(id) ?? new Set()).add(answer.status))
      const complaint = complaintAbout(answer, method, operation)
      if (complaint !== null) throw new Error(`${method} ${target}: ${complaint}`)
      if (isRefusal(answer) && (await entries()) !== before)
        throw new Error(`${method} ${target}: refused, and stored`)
    },
  )
  await fc.assert(property, { numRuns: RUNS, examples })
  for (const operation of document.operations) {
    const { method, path, names } = operation
    const statuses = seen.get(operationId(method.toLowerCase(), path)) ?? new Set()
    t.ok(statuses.has(operation.statuses.has('200') ? 200 : 501), `${method} ${path} was answered`)
    if (names.length > 0) t.ok(statuses.has(400), `${method} ${path} refused something`)
  }
})

/** Of some hundred clears one may come to a machine that stands still for as long as the log is waited for. */
const CLEARED_LATE =
  /^(the clear log does not answer; the clear holds here|what became of a clear could not be noted)/
/** Each of these clears may say so as well, and so may a look-up. */
const AWAY = /^PostgreSQL is away/
const MOST_LATE = 3

t.test('nothing of it went wrong inside', (t) => {
  const messages = service.log.filter(({ level }) => level >= 40).map(({ msg }) => msg)
  t.strictSame(
    messages.filter((message) => !CLEARED_LATE.test(message) && !AWAY.test(message)),
    [],
  )
  const late = messages.filter((message) => CLEARED_LATE.test(message)).length
  t.ok(late <= MOST_LATE, `${late} clears were late`)
  const away = messages.filter((message) => AWAY.test(message)).length
  t.ok(away <= 2 * MOST_LATE, `PostgreSQL was away ${away} times`)
  t.end()
})

/** "There is no such thing" is none, but an answer, which is kept for a moment. */
function isRefusal({ status, body }: RawAnswer): boolean {
  return status >= 400 && (status !== 404 || body.includes('"route_not_found"'))
}

async function entries(): Promise<number> {
  return (await service.app.cache.stats()).memory_cache_size
}

/** What the document does not say of this answer; null for nothing. */
function complaintAbout(
  { status, headers, body }: RawAnswer,
  method: string,
  operation: Operation,
): string | null {
  // 501 is what there is to say where nothing can be done.
  if (status >= 500 && !operation.statuses.has('501')) return `${status} ${body}`
  if (/\n\s+at |node_modules/.test(body)) return `a stack: ${body}`
  if (headers['x-request-id'] === undefined) return 'no request id'
  const type = String(headers['content-type']).split(';')[0] ?? ''
  if (status >= 400) {
    if (method === 'HEAD') return null
    const problem = JSON.parse(body) as { code: ProblemCode; errors?: { parameter: string }[] }
    if (type !== 'application/problem+json' || !document.isProblem(problem)) return `no problem: ${body}`
    if (PROBLEMS[problem.code].status !== status) return `${problem.code} with status ${status}`
    // A bent path may be none, or one with other methods.
    const declared =
      operation.statuses.has(String(status)) || /^(route_not_found|method_not_allowed)$/.test(problem.code)
    return declared || method !== operation.method ? null : `undocumented status ${status}: ${body}`
  }
  if (method !== operation.method) return null
  if (status === 304) return body === '' && operation.statuses.has('304') ? null : 'a 304 that is none'
  const check = operation.answers.get(String(status))
  if (check === undefined) return `undocumented status ${status}`
  return check(JSON.parse(body)) ? null : `not of the documented shape: ${body.slice(0, 300)}`
}
