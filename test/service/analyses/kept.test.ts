// What was paid for is kept: beyond a clear of everything and an empty cache, until it is over or somebody clears just that.
import t from 'tap'
import { analysersFile, sendJson, startAnalyser } from '../../support/analyser.ts'
import { isProblem, send, startFilledDatabase, type RawAnswer } from '../../support/http.ts'
import { startService } from '../../support/service.ts'

const analyser = await startAnalyser(t)
const service = await startService(t, {
  DATABASE_URL: await startFilledDatabase(t),
  ANALYSERS: await analysersFile(t, analyser.url),
  ANALYSIS_KEY: '5e'.repeat(32),
})

const analyse = (text: string, headers: Record<string, string> = {}, fields: object = {}) =>
  send(service, '/api/v1/analyses', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ text, ...fields }),
  })
const clear = (query: string) => send(service, `/cache/clear?${query}`, { method: 'DELETE' })
const outcome = ({ headers }: RawAnswer) => headers['x-cache']
const hashOf = ({ body }: RawAnswer) => (JSON.parse(body) as { hash: string }).hash
const savings = async () => {
  const { body } = await send(service, '/api/v1/analyses/savings')
  return (JSON.parse(body) as { total: Record<string, unknown> }).total
}

t.test('a clear of everything leaves what was paid for, and says so', async (t) => {
  const calls = analyser.calls.length
  t.equal(outcome(await analyse('kept beyond a clear')), 'MISS')
  const { body } = await clear('pattern=*')
  t.match(JSON.parse(body), { message: /kept results of analyses stay/ })
  t.equal(outcome(await analyse('kept beyond a clear')), 'HIT')
  t.equal(analyser.calls.length, calls + 1)
})

t.test('a clear that names them voids them: counted before, then paid for anew', async (t) => {
  const calls = analyser.calls.length
  await analyse('named by a clear')
  const dry = JSON.parse((await clear('pattern=text:*&dry_run=true')).body) as {
    analyses: { count: number; cost: object[] }
    message: string
  }
  t.equal(dry.analyses.count, 2)
  t.strictSame(dry.analyses.cost, [{ amount: '0.004', currency: 'EUR' }])
  t.match(dry.message, /2 kept results of analyses that cost 0\.004 EUR/)
  isProblem(t, await clear('pattern=text:*&max=1'), 'clear_too_large', ['max'])
  t.equal(outcome(await analyse('named by a clear')), 'HIT', 'nothing is cleared by either')
  t.match(JSON.parse((await clear('pattern=analysis:*')).body), { analyses: { count: 0 } })
  t.equal(outcome(await analyse('named by a clear')), 'HIT', 'files are others')
  t.match(JSON.parse((await clear('pattern=text:*')).body), { analyses: { count: 2 }, scope: 'fleet' })
  t.equal(outcome(await analyse('named by a clear')), 'MISS')
  t.equal(analyser.calls.length, calls + 2)
})

t.test('no-cache analyses anew, for everybody; only-if-cached never does', async (t) => {
  const first = await analyse('asked anew')
  const anew = await analyse('asked anew', { 'cache-control': 'no-cache' })
  t.equal(outcome(anew), 'MISS')
  t.not(anew.body, first.body)
  t.equal((await analyse('asked anew')).body, anew.body)
  const found = await send(service, `/api/v1/analyses/${hashOf(first)}`)
  t.equal(found.body, anew.body)
  isProblem(t, await analyse('never asked', { 'cache-control': 'only-if-cached' }), 'not_cached')
  isProblem(t, await send(service, `/api/v1/analyses/${'0'.repeat(64)}`), 'analysis_unknown')
})

t.test('an expired result stands in where the analyser fails, and for a person never', async (t) => {
  const subject = { 'x-subject': 'Jane Roe' }
  const first = await analyse('soon over')
  await analyse('soon over', subject)
  await service.database.pool`
    update analyses set expires_at = least(expires_at, clock_timestamp()), analysed_at = analysed_at - interval '1 second'
    where subject_hash is null and hash = ${hashOf(first)}`
  await service.database
    .pool`update analyses set expires_at = clock_timestamp() where subject_hash is not null`
  await clear('pattern=nothing*')
  await clear(`key=${encodeURIComponent(`text:${hashOf(first)}:none`)}`)
  await service.app.cache.clear({ kind: 'tag', selector: `content:${hashOf(first)}` }, 'test')
  analyser.answer = (_call, response) => sendJson(response, { error: 'broken' }, 500)
  t.teardown(() => {
    analyser.answer = answer
  })
  const stale = await analyse('soon over')
  t.strictSame([stale.status, outcome(stale)], [200, 'STALE'])
  t.equal(hashOf(stale), hashOf(first))
  isProblem(t, await analyse('soon over', subject), 'analyser_failed')
  isProblem(t, await analyse('never seen'), 'analyser_failed')
})
const { answer } = analyser

t.test('savings: what hits, waits and calls cost, to the millionth', async (t) => {
  const before = await savings()
  await analyse('counted')
  for (let hits = 0; hits < 7; hits += 1) await analyse('counted')
  const after = await savings()
  const grown = (name: string) => Number(after[name]) - Number(before[name])
  t.equal(grown('calls'), 1)
  t.equal(grown('hits'), 7)
  t.equal(grown('spent').toFixed(6), '0.002000')
  t.equal(grown('saved').toFixed(6), '0.014000')
  const byAnalyser = JSON.parse((await send(service, '/api/v1/analyses/savings?by=analyser')).body) as {
    data: Record<string, unknown>[]
  }
  t.match(byAnalyser.data, [{ analyser: 'paid', currency: 'EUR' }])
})

t.test('a look-up that is a hit by its URL alone is none for a person', async (t) => {
  const path = `/api/v1/analyses/${hashOf(await analyse('about nobody'))}`
  for (let times = 0; times < 3; times += 1)
    t.equal(outcome(await send(service, path)), 'HIT', 'answered before the framework from the second on')
  isProblem(t, await send(service, path, { headers: { 'X-Subject': 'Jane Roe' } }), 'analysis_unknown')
})

t.test('while a call is under way, its hash is worth asking for again', async (t) => {
  let finish = (): void => undefined
  analyser.answer = (_call, response) => {
    finish = () => sendJson(response, { verdict: 'late' })
  }
  t.teardown(() => {
    analyser.answer = answer
  })
  const calls = analyser.calls.length
  const first = analyse('takes a while')
  while (analyser.calls.length === calls) await new Promise(setImmediate)
  const second = analyse('takes a while')
  const hash = hashOf(await analyse('takes a while', {}, { analyser: 'lexicon' }))
  const asked = await send(service, `/api/v1/analyses/${hash}`)
  isProblem(t, asked, 'analysis_unknown')
  t.equal(asked.headers['retry-after'], '2')
  finish()
  t.strictSame([outcome(await first), outcome(await second)], ['MISS', 'MISS'])
  t.equal(analyser.calls.length, calls + 1)
  t.equal((await send(service, `/api/v1/analyses/${hash}`)).status, 200)
})
