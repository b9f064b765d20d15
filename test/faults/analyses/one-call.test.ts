// One call for a fleet, however many ask at once, whoever leaves, and whoever dies.
import { Agent } from 'node:http'
import t, { type Test } from 'tap'
import { openPool } from '../../../src/db/client.ts'
import { analysersFile, startAnalyser } from '../../support/analyser.ts'
import { createDatabase } from '../../support/databases.ts'
import { send } from '../../support/http.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startServiceProcess, type ServiceProcess } from '../../support/processes.ts'
import { sharedRedis } from '../../support/redis.ts'
import { sizeOf } from '../../support/sizes.ts'
import { until } from '../../support/until.ts'

const ROUNDS = sizeOf('ANALYSIS_ROUNDS')
const CALLERS = 250
const ANALYSER_MS = 800
/** Of those left behind by a holder that died. */
const FREED_MS = 5000

const analyser = await startAnalyser(t, { delayMs: ANALYSER_MS })
const ANALYSERS = await analysersFile(t, analyser.url)
const agent = new Agent({ keepAlive: true, maxSockets: CALLERS })
t.teardown(() => agent.destroy())

async function startInstances(t: Test, count: number, environment: Record<string, string>) {
  const DATABASE_URL = await createDatabase(await sharedPostgres(t))
  const start = () => startServiceProcess(t, { DATABASE_URL, ANALYSERS, ...environment })
  // The first one migrates.
  const instances = [await start(), ...(await Promise.all(Array.from({ length: count - 1 }, start)))]
  return { instances, DATABASE_URL }
}

const analyse = async (instance: ServiceProcess, text: string) => {
  const { status, body } = await send(instance, '/api/v1/analyses', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
    agent,
  })
  return `${status} ${body}`
}

t.test('250 callers of each of four instances ask for a new text at once', async (t) => {
  const redis = await sharedRedis(t)
  const { instances } = await startInstances(t, 4, { REDIS_URL: redis.url, CACHE_PREFIX: 'one-call' })
  await rounds(t, instances, ROUNDS)
})

t.test('without Redis', async (t) => {
  const { instances } = await startInstances(t, 2, {})
  await rounds(t, instances, 1)
})

async function rounds(t: Test, instances: ServiceProcess[], count: number): Promise<void> {
  for (let round = 0; round < count; round += 1) {
    const before = analyser.calls.length
    const text = `${t.name}, round ${round}`
    const all = await Promise.all(
      instances.flatMap((instance) => Array.from({ length: CALLERS }, () => analyse(instance, text))),
    )
    t.equal(new Set(all).size, 1, 'one answer')
    t.match(all[0], /^200 /)
    t.equal(analyser.calls.length - before, 1, 'one call')
  }
}

t.test('whoever began leaves: the call goes on, for those who wait and for later', async (t) => {
  const { instances } = await startInstances(t, 2, {})
  const [first, second] = instances as [ServiceProcess, ServiceProcess]
  const before = analyser.calls.length
  const leaving = new AbortController()
  const left = fetch(`${first.url}/api/v1/analyses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'left alone' }),
    signal: leaving.signal,
  })
  await until('the call has begun', () => analyser.calls.length > before)
  const waiting = [analyse(second, 'left alone'), analyse(first, 'left alone')]
  leaving.abort()
  await t.rejects(left)
  for (const answer of await Promise.all(waiting)) t.match(answer, /^200 /)
  t.match(await analyse(first, 'left alone'), /^200 /)
  t.equal(analyser.calls.length - before, 1)
})

t.test(
  'the instance that calls is killed: one call more at most, and all are answered in time',
  async (t) => {
    const { instances, DATABASE_URL } = await startInstances(t, 3, {})
    const [holder, ...others] = instances as [ServiceProcess, ServiceProcess, ServiceProcess]
    const sql = openPool(DATABASE_URL, { max: 1 })
    t.teardown(() => sql.end({ timeout: 0 }))
    const before = analyser.calls.length
    // It would take far longer than all of this.
    analyser.delayMs = 600_000
    const lost = analyse(holder, 'its caller dies').catch(() => 'lost')
    await until('the call has begun', () => analyser.calls.length > before)
    const waiting = others.flatMap((instance) =>
      Array.from({ length: CALLERS }, () => analyse(instance, 'its caller dies')),
    )
    // They have found the claim: a claim of somebody else's is what each of the two looks at.
    await until('others wait', async () => {
      const rows = await sql`
      select from pg_stat_activity where query like '%analysis_claims%' and application_name = 'barometer' and datname = current_database()`
      return rows.length > 0
    })
    const killed = performance.now()
    analyser.delayMs = ANALYSER_MS
    await holder.end('SIGKILL')
    const answers = await Promise.all(waiting)
    const tookMs = performance.now() - killed
    t.equal(await lost, 'lost')
    t.equal(new Set(answers).size, 1)
    t.match(answers[0], /^200 /)
    t.ok(tookMs < FREED_MS, `${Math.round(tookMs)} ms`)
    t.equal(analyser.calls.length - before, 2)
    const [money] = await sql`select calls, failures, spent_micros::int as spent from analysis_spending`
    t.strictSame({ ...money }, { calls: 2, failures: 1, spent: 4000 }, 'the lost call counts as paid')
  },
)
