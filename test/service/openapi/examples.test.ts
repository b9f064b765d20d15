// Every example of the OpenAPI document is what a service answers, and every problem in the catalogue can be had. `npm run examples` records anew.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { format, resolveConfig } from 'prettier'
import t from 'tap'
import { EXAMPLES, PROBLEM_EXAMPLES, type Example } from '../../../src/openapi/examples.ts'
import { PROBLEMS, type ProblemCode } from '../../../src/problems.ts'
import { isProblem } from '../../support/http.ts'
import { startServiceProcess } from '../../support/processes.ts'
import { ROOT, SOURCES } from '../../support/root.ts'
import { provocations } from './provocations.ts'
import { recordExamples } from './record.ts'

const FILE = path.join(SOURCES, 'src/openapi/examples.ts')
const isRecording = process.env.RECORD_EXAMPLES === '1'
const CODES = Object.keys(PROBLEMS) as ProblemCode[]
/** What differs from one request, machine or state of the cache to the next. */
const VARIES = new Set([
  ...['request_id', 'updated_at', 'deleted', 'seq', 'cleared_at', 'completed_at', 'took_ms', 'confirmed_by'],
  ...['age_seconds', 'ttl_seconds', 'stale_seconds', 'stored_bytes', 'codings', 'epoch', 'position'],
  ...['count', 'sample', 'next_cursor', 'prev_cursor', 'uptime_seconds'],
  ...['analysed_at', 'expires_at', 'subject_hash'],
])
/** And in the cache's state alone: elsewhere `as_of` is a session. */
const VARIES_IN_STATE = new Set(['instance', 'since', 'as_of'])

const answers: Partial<Record<ProblemCode, object>> = {}
let recorded: Record<string, Example[]> = {}

t.test('each example is what a service on the sample data answers', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'barometer-examples-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const { url } = await startServiceProcess(t, { DATA_DIR: folder })
  recorded = await recordExamples(url)
  if (isRecording) return
  for (const id of new Set([...Object.keys(recorded), ...Object.keys(EXAMPLES)])) {
    t.strictSame(comparable(EXAMPLES[id]), comparable(recorded[id]), id)
  }
})

t.test('each problem can be provoked', async (t) => {
  const provoke = await provocations(t)
  for (const code of CODES) {
    const answer = await provoke[code]()
    const body = JSON.parse(answer.body) as object & { errors?: { parameter: string }[] }
    const {
      read: _,
      rejections: _rejections,
      ...problem
    } = JSON.parse(answer.body) as Record<string, unknown>
    const parameters = body.errors?.map(({ parameter }) => parameter) ?? []
    isProblem(t, { ...answer, body: JSON.stringify(problem) }, code, parameters)
    t.match(answer.headers, RETRIED.has(code) ? { 'retry-after': /^\d+$/ } : {}, code)
    answers[code] = body
    if (!isRecording) t.strictSame(comparable(PROBLEM_EXAMPLES[code]), comparable(body), code)
  }
})
const RETRIED = new Set<ProblemCode>([
  'too_many_failed_keys',
  'overloaded',
  'dashboard_busy',
  'ingestion_busy',
  'shared_cache_unavailable',
  'database_unavailable',
])

t.test('docs/problems.md explains each code, and no other', async (t) => {
  const page = await readFile(path.join(ROOT, 'docs/problems.md'), 'utf8')
  const explained = [...page.matchAll(/^\| `([a-z_]+)` \| (\d{3}) \| (.+) \| (.+) \|$/gm)]
  t.strictSame(
    explained.map(([, code, status]) => [code, Number(status)]),
    CODES.map((code) => [code, PROBLEMS[code].status]),
  )
  t.ok(explained.every(([, , , when = '', what = '']) => when.trim().length > 20 && what.trim().length > 8))
})

if (isRecording)
  t.test('recording', async () => {
    const source = await readFile(FILE, 'utf8')
    const head = source.slice(0, source.indexOf('/** By operation. */'))
    const text = `${head}/** By operation. */
export const EXAMPLES: Record<string, Example[]> = ${JSON.stringify(recorded)}

export const PROBLEM_EXAMPLES: Record<ProblemCode, object> = ${JSON.stringify(answers)}
`
    await writeFile(FILE, await format(text, { ...(await resolveConfig(FILE)), filepath: FILE }))
  })

/** With the type in the place of what varies: those fields, and all numbers of the cache's state. */
function comparable(value: unknown, isState = false): unknown {
  if (Array.isArray(value)) return value.map((inner) => comparable(inner, isState))
  if (typeof value === 'number' && isState) return 'number'
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) => {
      if (VARIES.has(key) || (isState && VARIES_IN_STATE.has(key))) return [key, typeof inner]
      if (key === 'hit_rate') return [key, null]
      // A second may pass before it is counted.
      if (key === 'detail' && typeof inner === 'string')
        return [key, inner.replace(/try again in \d+ s$/, 'try again in n s')]
      if (key === 'message' && typeof inner === 'string')
        return [key, inner.replace(/^\d+ entr(y|ies)/, 'entries')]
      return [key, comparable(inner, isState || key === 'cache')]
    }),
  )
}
