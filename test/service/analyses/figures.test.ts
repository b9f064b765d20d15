// What analyses cost and saved, as figures: of the fleet in /cache/stats, of an instance in /metrics.
import t from 'tap'
import { gate } from '../../support/gate.ts'
import { startFilledDatabase } from '../../support/http.ts'
import { addPaidAnalyser } from '../../support/paid-analyser.ts'
import { startService, type TestService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const DATABASE_URL = await startFilledDatabase(t)
const BUDGET = { dailyBudgetMicros: 10_000n, concurrency: 1 }

const begin = async () => {
  const service = await startService(t, { DATABASE_URL })
  return { service, paid: addPaidAnalyser(service, BUDGET) }
}
const here = await begin()
const there = await begin()

async function analyse({ service: { url } }: typeof here, text: string, analyser = 'paid') {
  const response = await fetch(`${url}/api/v1/analyses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text, analyser }),
  })
  await response.text()
  return response.headers.get('x-cache') ?? response.status
}

interface Figures {
  calls: number | null
  running: number | null
  waiting: number
  [name: string]: unknown
}

async function figuresOf({ service }: typeof here): Promise<Figures> {
  const { cache } = (await (await service.get('/cache/stats')).json()) as { cache: { analyses: Figures } }
  return cache.analyses
}

async function metricsOf(service: TestService): Promise<Record<string, number>> {
  // Or a scrape waits for them for a moment only, and has them or not.
  await service.app.stats.analyses.refresh(0)
  const lines = (await (await service.get('/metrics')).text()).split('\n')
  return Object.fromEntries(
    lines
      .filter((line) => line.startsWith('barometer_analysis_'))
      .map((line) => [
        line.slice('barometer_analysis_'.length, line.lastIndexOf(' ')),
        Number(line.split(' ').at(-1)),
      ]),
  )
}

t.test('before anything was analysed: nothing spent, and a series for each analyser', async (t) => {
  t.match(
    await until(
      'figures',
      () => figuresOf(here),
      ({ calls }) => calls !== null,
    ),
    {
      calls: 0,
      hits: 0,
      shared: 0,
      failures: 0,
      hit_rate: null,
      spent: '0.00',
      saved: '0.00',
      roi: null,
      running: 0,
      waiting: 0,
      today: { spent: '0.00', saved: '0.00' },
      budgets: [{ analyser: 'paid', currency: 'EUR', budget: '0.01', left: '0.01' }],
    },
  )
  t.strictSame(await metricsOf(here.service), {
    ...zero('calls_total', 'failures_total', 'hits_total', 'shared_total', 'running', 'waiting'),
    ...Object.fromEntries(
      ['spent_total', 'saved_total'].flatMap((name) =>
        ['lexicon', 'paid'].map((analyser) => [`${name}{analyser="${analyser}",currency="EUR"}`, 0]),
      ),
    ),
    'budget{analyser="paid",currency="EUR"}': 0.01,
    'budget_left{analyser="paid",currency="EUR"}': 0.01,
  })

  function zero(...names: string[]): Record<string, number> {
    return Object.fromEntries(
      names.flatMap((name) => ['lexicon', 'paid'].map((analyser) => [`${name}{analyser="${analyser}"}`, 0])),
    )
  }
})

t.test('totals are those of the fleet, counters those of an instance', async (t) => {
  t.equal(await analyse(here, 'Shares fall'), 'MISS')
  t.equal(await analyse(here, 'Shares fall'), 'HIT')
  t.equal(await analyse(there, 'Shares fall'), 'HIT')
  there.paid.answer = () => ({ outcome: 'failed', reason: 'test', isTimeout: false, isPaid: true })
  t.equal(await analyse(there, 'Shares rise'), 502)
  await analyse(here, 'Free of charge', 'lexicon')
  await Promise.all([here, there].map(({ service }) => service.app.savings.settle()))
  t.match(
    await until(
      'all to be counted',
      () => figuresOf(there),
      ({ calls }) => calls === 3,
    ),
    {
      calls: 3,
      hits: 2,
      shared: 0,
      failures: 1,
      hit_rate: 50,
      spent: '0.004',
      saved: '0.004',
      currency: 'EUR',
      roi: 1,
      today: { spent: '0.004', saved: '0.004' },
      budgets: [{ left: '0.006' }],
    },
  )
  t.match(await metricsOf(here.service), {
    'calls_total{analyser="paid"}': 1,
    'calls_total{analyser="lexicon"}': 1,
    'failures_total{analyser="paid"}': 0,
    'hits_total{analyser="paid"}': 1,
    'spent_total{analyser="paid",currency="EUR"}': 0.002,
    'saved_total{analyser="paid",currency="EUR"}': 0.002,
    'budget_left{analyser="paid",currency="EUR"}': 0.006,
  })
  t.match(await metricsOf(there.service), {
    'calls_total{analyser="paid"}': 1,
    'failures_total{analyser="paid"}': 1,
    'hits_total{analyser="paid"}': 1,
    'spent_total{analyser="paid",currency="EUR"}': 0.002,
  })
})

t.test('calls under way and callers in line', async (t) => {
  const { promise, open } = gate()
  here.paid.answer = async () => {
    await promise
    return { outcome: 'answered', result: 1 }
  }
  const answers = ['one', 'two'].map((text) => analyse(here, text))
  t.match(
    await until(
      'both to be there',
      () => figuresOf(here),
      ({ waiting, running }) => waiting + (running ?? 0) === 2,
    ),
    {
      running: 1,
      waiting: 1,
    },
  )
  t.match(
    await until(
      'the fleet to know',
      () => figuresOf(there),
      ({ running }) => running === 1,
    ),
    { waiting: 0 },
  )
  t.match(await metricsOf(here.service), { 'running{analyser="paid"}': 1, 'waiting{analyser="paid"}': 1 })
  open()
  t.strictSame(await Promise.all(answers), ['MISS', 'MISS'])
})

t.test('where PostgreSQL cannot be asked, figures are not known', async (t) => {
  const { pool } = here.service.database
  await pool`alter table analysis_spending rename to hidden`
  t.teardown(() => pool`alter table hidden rename to analysis_spending`)
  t.match(
    await until(
      'it to be noticed',
      () => figuresOf(here),
      ({ calls }) => calls === null,
    ),
    {
      hits: null,
      spent: null,
      saved: null,
      running: null,
      waiting: 0,
      today: { spent: null, saved: null },
      budgets: [{ budget: '0.01', left: null }],
    },
  )
  const metrics = await metricsOf(here.service)
  t.equal(metrics['budget_left{analyser="paid",currency="EUR"}'], undefined)
  t.equal(metrics['budget{analyser="paid",currency="EUR"}'], 0.01)
})
