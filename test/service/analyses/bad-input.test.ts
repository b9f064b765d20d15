// What is wrong with a request is named; nobody is paid, and nothing is kept.
import t from 'tap'
import { analysersFile, startAnalyser } from '../../support/analyser.ts'
import { isProblem, send, startFilledDatabase, type RawRequest } from '../../support/http.ts'
import { startService } from '../../support/service.ts'
import type { ProblemCode } from '../../../src/problems.ts'

const analyser = await startAnalyser(t)
const DATABASE_URL = await startFilledDatabase(t)
const fields = { languages: ['en'], tones: ['formal'], parameters: ['depth'], accepts: ['text'] }
const service = await startService(t, {
  DATABASE_URL,
  ANALYSERS: await analysersFile(t, analyser.url, fields),
  ANALYSIS_KEY: '5e'.repeat(32),
})
const keyless = await startService(t, { DATABASE_URL })
const JSON_TYPE = { 'content-type': 'application/json' }

const post = (body: string | Buffer, headers: Record<string, string> = {}, to = service) =>
  send(to, '/api/v1/analyses', { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body })
const kept = async () => {
  const [row] = await service.database.pool<{ count: number }[]>`
    select ((select count(*) from analyses) + (select count(*) from analysis_claims))::int as count`
  return row?.count
}

const TEXTS: [string, ProblemCode, string[]][] = [
  ['', 'invalid_body', ['body']],
  ['{}', 'invalid_body', ['body']],
  ['null', 'invalid_body', ['body']],
  ['[]', 'invalid_body', []],
  ['{"text":""}', 'invalid_body', ['text']],
  ['{"text":" \\u200b\\n "}', 'invalid_body', ['text']],
  ['{"text":1}', 'invalid_body', ['text']],
  ['{"text":"a\\u0000b"}', 'invalid_body', ['text']],
  ['{"text":"a\\ud800b"}', 'invalid_body', ['text']],
  ['{"text":"a","text":"b"}', 'invalid_body', ['text']],
  ['{"text":"a","colour":"red"}', 'invalid_body', ['colour']],
  ['{"text":"a"', 'invalid_body', []],
  ['{"text":"a","language":"english!"}', 'invalid_body', ['language']],
  ['{"text":"a","language":"fr"}', 'invalid_parameter', ['language']],
  ['{"text":"a","tone":"rude"}', 'invalid_parameter', ['tone']],
  ['{"text":"a","tone":"\\n"}', 'invalid_body', ['tone']],
  ['{"text":"a","analyser":"nobody"}', 'invalid_parameter', ['analyser']],
  ['{"text":"a","analyser":"no body"}', 'invalid_body', ['analyser']],
  ['{"text":"a","parameters":{"width":1}}', 'invalid_parameter', ['parameters.width']],
  ['{"text":"a","parameters":[]}', 'invalid_body', ['parameters']],
  ['{"text":"a","parameters":{"depth":"\\ud800"}}', 'invalid_parameter', ['parameters']],
  ['{"text":"a","subject":""}', 'invalid_parameter', ['subject']],
  [`{"text":"a","subject":"${'x'.repeat(201)}"}`, 'invalid_parameter', ['subject']],
  ['{"text":"a","subject":"a\\tb"}', 'invalid_parameter', ['subject']],
]
for (const [body, code, names] of TEXTS)
  t.test(body.slice(0, 60) || 'no body', async (t) => {
    const before = [analyser.calls.length, await kept()]
    const answer = await post(body)
    if (names.length > 0) isProblem(t, answer, code, names)
    else t.match(JSON.parse(answer.body), { code })
    t.strictSame([analyser.calls.length, await kept()], before)
  })

t.test('a text over the limit, and what is no UTF-8', async (t) => {
  isProblem(t, await post(JSON.stringify({ text: 'x'.repeat(200_001) })), 'invalid_body', ['text'])
  isProblem(t, await post(JSON.stringify({ text: 'x'.repeat(3_000_000) })), 'body_too_large')
  const latin1 = Buffer.from('{"text":"déjà"}', 'latin1')
  isProblem(t, await post(latin1), 'invalid_body')
  t.equal(analyser.calls.length, 0)
})

t.test('a subject that is said twice, badly, or where nothing can be sealed', async (t) => {
  const text = '{"text":"a","subject":"Jane"}'
  isProblem(t, await post(text, { 'x-subject': 'Joan' }), 'invalid_parameter', ['subject'])
  isProblem(t, await post(Buffer.from('{"text":"a"}'), { 'x-subject': '\xff' }), 'invalid_parameter', [
    'subject',
  ])
  isProblem(t, await post(text, {}, keyless), 'invalid_parameter', ['subject'])
  const forget = (path: string, to = service) => send(to, path, { method: 'DELETE' })
  isProblem(t, await forget(`/api/v1/subjects/${'x'.repeat(201)}`), 'invalid_parameter', ['subject'])
  isProblem(t, await forget('/api/v1/subjects/a%00b'), 'invalid_parameter', ['subject'])
  isProblem(t, await forget('/api/v1/subjects/Jane', keyless), 'invalid_parameter', ['subject'])
  t.equal(analyser.calls.length, 0)
})

t.test('a hash that is none, and days that are none', async (t) => {
  for (const hash of ['1', 'g'.repeat(64), '0'.repeat(63), '0'.repeat(65)])
    for (const method of ['GET', 'DELETE']) {
      const request: RawRequest = { method }
      isProblem(t, await send(service, `/api/v1/analyses/${hash}`, request), 'invalid_parameter', ['hash'])
    }
  const savings = (query: string) => send(service, `/api/v1/analyses/savings?${query}`)
  isProblem(t, await savings('by=hour'), 'invalid_parameter', ['by'])
  isProblem(t, await savings('from=yesterday'), 'invalid_parameter', ['from'])
  isProblem(t, await savings('to=2026-02-30'), 'invalid_parameter', ['to'])
  isProblem(t, await savings('from=2026-03-01&to=2026-02-01'), 'invalid_parameter', ['from'])
})
