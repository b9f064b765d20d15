// What an analyser may do wrong: nothing of it is kept, shown or answered as a hit, and what is worth remembering is remembered.
import type { ServerResponse } from 'node:http'
import t from 'tap'
import { analysersFile, sendJson, startAnalyser, type TestAnalyser } from '../../support/analyser.ts'
import { isProblem, send, startFilledDatabase } from '../../support/http.ts'
import { startService } from '../../support/service.ts'
import type { ProblemCode } from '../../../src/problems.ts'

const SECRET = 'the-body-of-the-analyser'
const analyser: TestAnalyser = await startAnalyser(t)
const DATABASE_URL = await startFilledDatabase(t)
const schema = { type: 'object' }
const service = await startService(t, {
  DATABASE_URL,
  ANALYSERS: await analysersFile(t, analyser.url, { schema }),
})
const hasty = await startService(t, {
  DATABASE_URL,
  ANALYSERS: await analysersFile(t, analyser.url, { name: 'hasty', timeout_ms: 1000, schema }),
})
const { answer } = analyser
const analyse = (text: string, to = service) =>
  send(to, '/api/v1/analyses', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  })

const FAULTS: [string, (response: ServerResponse) => void, ProblemCode][] = [
  [
    'HTML',
    (r) => r.writeHead(200, { 'content-type': 'text/html' }).end(`<h1>${SECRET}</h1>`),
    'analyser_failed',
  ],
  [
    'JSON that says it is HTML',
    (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('{"verdict":{}}'),
    'analyser_failed',
  ],
  [
    'half a JSON',
    (r) => r.writeHead(200, { 'content-type': 'application/json' }).end('{"verdict":{"a":'),
    'analyser_failed',
  ],
  [
    'less than it promised',
    (r) => {
      r.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 })
      r.write('{"verdict":{}}')
      setTimeout(() => r.destroy(), 20)
    },
    'analyser_failed',
  ],
  ['an error with 200', (r) => sendJson(r, { error: SECRET, verdict: {} }), 'analyser_failed'],
  ['another form', (r) => sendJson(r, { verdict: SECRET }), 'analyser_failed'],
  ['no result', (r) => sendJson(r, { something: SECRET }), 'analyser_failed'],
  ['nothing', () => undefined, 'analyser_timeout'],
  [
    'half of it, and then nothing',
    (r) => r.writeHead(200, { 'content-type': 'application/json' }).write('{"ver'),
    'analyser_timeout',
  ],
  ['a redirect', (r) => r.writeHead(302, { location: analyser.url }).end(), 'analyser_failed'],
  ['500', (r) => sendJson(r, { detail: SECRET }, 500), 'analyser_failed'],
  ['401', (r) => sendJson(r, { detail: SECRET }, 401), 'analyser_failed'],
  ['the connection ended', (r) => r.destroy(), 'analyser_failed'],
]
for (const [name, fault, code] of FAULTS)
  t.test(name, async (t) => {
    analyser.answer = (_call, response) => fault(response)
    const calls = analyser.calls.length
    const to = code === 'analyser_timeout' ? hasty : service
    for (let times = 1; times <= 2; times += 1) {
      const failed = await analyse(name, to)
      isProblem(t, failed, code)
      t.notOk(failed.body.includes(SECRET))
      t.equal(analyser.calls.length, calls + times, 'each is tried: nothing of it is kept')
    }
    t.notOk(JSON.stringify(to.log).includes(SECRET), 'nor is it in the log')
    analyser.answer = answer
    const whole = await analyse(name, to)
    t.strictSame([whole.status, whole.headers['x-cache']], [200, 'MISS'])
  })

for (const status of [400, 413, 422])
  t.test(`${status} is remembered`, async (t) => {
    analyser.answer = (_call, response) => sendJson(response, { detail: SECRET }, status)
    const calls = analyser.calls.length
    for (let times = 0; times < 3; times += 1)
      isProblem(t, await analyse(`refused with ${status}`), 'analysis_refused')
    t.equal(analyser.calls.length, calls + 1)
    await service.database.pool`update analysis_claims set until = clock_timestamp() where state = 'refused'`
    analyser.answer = answer
    t.equal((await analyse(`refused with ${status}`)).status, 200, 'for a minute')
  })

for (const status of [429, 503])
  t.test(`${status} holds for all texts`, async (t) => {
    analyser.answer = (_call, response) => {
      response.setHeader('retry-after', '7')
      sendJson(response, {}, status)
    }
    const calls = analyser.calls.length
    const busy = await analyse(`busy with ${status}`)
    isProblem(t, busy, 'analyser_busy')
    t.equal(busy.headers['retry-after'], '7')
    const other = await analyse(`another, busy with ${status}`)
    isProblem(t, other, 'analyser_busy')
    t.ok(Number(other.headers['retry-after']) <= 7)
    t.equal(analyser.calls.length, calls + 1)
    await service.database.pool`delete from analyser_pauses`
    analyser.answer = answer
    t.equal((await analyse(`busy with ${status}`)).status, 200)
  })

t.test('what failed without a charge is not spent', async (t) => {
  const { body } = await send(service, '/api/v1/analyses/savings')
  const { total } = JSON.parse(body) as { total: { calls: number; failures: number; spent: string } }
  t.equal(total.calls, analyser.calls.length)
  const [row] = await service.database.pool<{ spent: number; results: number }[]>`
    select (select sum(spent_micros)::int from analysis_spending) as spent, (select count(*)::int from analyses) as results`
  t.ok((row?.spent ?? 0) >= (row?.results ?? 0) * 2000, 'each result is')
  t.ok((row?.spent ?? 0) < total.calls * 2000, 'a refusal is not')
})
