// Money: a budget that parallel calls cannot pass, and figures that are true to the millionth after restarts and kills.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { analysersFile, startAnalyser } from '../../support/analyser.ts'
import { createDatabase } from '../../support/databases.ts'
import { send } from '../../support/http.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startServiceProcess, type ServiceProcess } from '../../support/processes.ts'
import { randomFrom } from '../../support/random.ts'
import { sizeOf } from '../../support/sizes.ts'
import { until } from '../../support/until.ts'

const PRICE_MICROS = 2000

const analyse = (instance: ServiceProcess, text: string) =>
  send(instance, '/api/v1/analyses', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  })
const totals = async (instance: ServiceProcess) => {
  const { body } = await send(instance, '/api/v1/analyses/savings')
  return (
    JSON.parse(body) as {
      total: Record<'calls' | 'hits' | 'shared' | 'failures', number> & { spent: string; saved: string }
    }
  ).total
}

async function settings(t: Test, fields: object = {}) {
  const analyser = await startAnalyser(t)
  const DATA_DIR = await mkdtemp(path.join(tmpdir(), 'barometer-savings-'))
  t.teardown(() => rm(DATA_DIR, { recursive: true, force: true }))
  const DATABASE_URL = await createDatabase(await sharedPostgres(t))
  const ANALYSERS = await analysersFile(t, analyser.url, fields)
  return { analyser, environment: { DATABASE_URL, ANALYSERS, DATA_DIR } }
}

t.test(
  'a budget of 100 calls, 400 callers of different texts at once on two instances: 100 calls',
  async (t) => {
    const { analyser, environment } = await settings(t, { daily_budget: '0.20' })
    const first = await startServiceProcess(t, environment)
    const second = await startServiceProcess(t, environment)
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, index) => analyse(index % 2 === 0 ? first : second, `text ${index}`)),
    )
    const by = (status: number) => answers.filter((answer) => answer.status === status)
    t.strictSame([by(200).length, by(429).length, analyser.calls.length], [100, 300, 100])
    const [refused] = by(429)
    t.match(JSON.parse(refused?.body ?? ''), { code: 'budget_spent', detail: /T00:00:00Z/ })
    t.ok(Number(refused?.headers['retry-after']) <= 86_400)
    t.match(await totals(first), { calls: 100, failures: 0, spent: '0.20' })
  },
)

t.test('hits, waits, restarts and kills: spent and saved are what the analyser counted', async (t) => {
  const { analyser, environment } = await settings(t)
  const random = randomFrom(16)
  const start = () => startServiceProcess(t, environment)
  const instances = [await start(), await start()]
  const pick = () => instances[random.below(instances.length)] as ServiceProcess
  const requests = sizeOf('MIXED_ANALYSES')
  let [answered, lost, asked] = [0, 0, 0]
  while (asked < requests) {
    const batch = 20 + random.below(40)
    asked += batch
    // A new text now and then, mostly at several places at once; the others were there before.
    const texts = Array.from({ length: batch }, () => `text ${random.below(1 + Math.floor(asked / 10))}`)
    const answers = await Promise.all(texts.map((text) => analyse(pick(), text)))
    for (const { status } of answers) t.equal(status, 200)
    answered += batch
    switch (random.below(4)) {
      case 0:
        await instances[0]?.end('SIGTERM')
        instances[0] = await start()
        break
      case 1:
        await instances[1]?.end('SIGKILL')
        instances[1] = await start()
        break
      case 2: {
        // In the middle of a call.
        const before = analyser.calls.length
        analyser.delayMs = 60_000
        const caller = analyse(instances[0] as ServiceProcess, `lost ${lost}`).catch(() => null)
        await until('the call has begun', () => analyser.calls.length > before)
        await instances[0]?.end('SIGKILL')
        t.equal(await caller, null)
        analyser.delayMs = 0
        lost += 1
        instances[0] = await start()
      }
    }
  }
  const calls = analyser.calls.length
  const saved = answered - (calls - lost)
  const expected = {
    calls,
    spent: (calls * PRICE_MICROS) / 1e6,
    saved: (saved * PRICE_MICROS) / 1e6,
    answers: saved,
  }
  const found = await until(
    'all is counted',
    async () => {
      const { calls, spent, saved, hits, shared } = await totals(pick())
      return { calls, spent: Number(spent), saved: Number(saved), answers: hits + shared }
    },
    ({ answers }) => answers >= saved,
  )
  t.strictSame(found, expected)
  t.comment(`${answered} answers, ${calls} calls, ${lost} of them lost`)
})
