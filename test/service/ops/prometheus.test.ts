// What `ops/` holds, on a real Prometheus that scrapes a real service: rules fire and keep quiet, and every query of the dashboard has an answer.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { parse } from 'yaml'
import { until } from '../../support/until.ts'
import { appendClear } from '../../../src/db/clear-log.ts'
import { openPool } from '../../../src/db/client.ts'
import { startFilledDatabase } from '../../support/http.ts'
import { ROOT } from '../../support/root.ts'
import { addPaidAnalyser } from '../../support/paid-analyser.ts'
import { startPrometheus } from '../../support/prometheus.ts'
import { findPrometheus } from '../../support/prometheus-binary.ts'
import { startRedis } from '../../support/redis.ts'
import { startService } from '../../support/service.ts'

const OPS = path.join(ROOT, 'ops')
const textOf = (name: string): string => readFileSync(path.join(OPS, name), 'utf8')

interface Rules {
  groups: { rules: { alert: string; expr: string }[] }[]
}

interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[]
}

const alerts = (parse(textOf('alerts.yml')) as Rules).groups.flatMap(({ rules }) => rules)
const dashboard = JSON.parse(textOf('dashboard.json')) as Dashboard

t.test('promtool has each alert fire where it should, and only there', async (t) => {
  const { tests } = parse(textOf('alerts.test.yml')) as {
    tests: {
      input_series: { series: string }[]
      alert_rule_test: { alertname: string; exp_alerts: { exp_labels: { job: string } }[] }[]
    }[]
  }
  const tested = tests.flatMap(({ alert_rule_test: all }) => all)
  t.strictSame(tested.map(({ alertname }) => alertname).sort(), alerts.map(({ alert }) => alert).sort())
  for (const { exp_alerts: expected, alertname } of tested)
    t.strictSame(
      expected.map(({ exp_labels: labels }) => labels.job),
      ['bad'],
      alertname,
    )
  t.ok(tests.every(({ input_series: all }) => all.some(({ series }) => series.includes('job="good"'))))
  const { stdout } = await promisify(execFile)(
    findPrometheus('promtool')!,
    ['test', 'rules', 'alerts.test.yml'],
    {
      cwd: OPS,
    },
  )
  t.match(stdout, /SUCCESS/)
})

t.test('on a Prometheus that scrapes a service', async (t) => {
  const database = await startFilledDatabase(t)
  const pool = openPool(database, { max: 1 })
  await appendClear(pool, { kind: 'tag', selector: 'dataset:media', soft: true, actor: 'test' })
  await pool.end()
  const redis = await startRedis(t, { args: ['--maxmemory', '64mb'] })
  const service = await startService(t, { DATABASE_URL: database, REDIS_URL: redis.url })
  addPaidAnalyser(service, { dailyBudgetMicros: 5_000_000n })
  const prometheus = await startPrometheus(t, service, [path.join(OPS, 'alerts.yml')])
  const traffic = new AbortController()
  const sent = (async () => {
    for (let round = 0; !traffic.signal.aborted; round++) {
      for (const url of ['/api/v1/media/latest', '/api/v1/volume/latest', '/api/v1/score/latest', '/nowhere'])
        await service.get(url)
      if (round % 20 === 0)
        await service.app.inject({ method: 'DELETE', url: '/cache/clear?pattern=media:*' })
      await sleep(10)
    }
  })()
  t.teardown(async () => {
    traffic.abort()
    await sent
  })

  await t.test('it takes what it gets for metrics', async (t) => {
    const up = await until(
      'a scrape',
      () => prometheus.query('up{job="barometer"}'),
      (series) => Object.values(series).includes(1),
    )
    t.equal(Object.keys(up).length, 1)
  })

  await t.test('every query of the dashboard has data', async (t) => {
    for (const { title, targets } of dashboard.panels) {
      for (const { expr } of targets) {
        const query = expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', '.*')
        const series = await until(
          `${title}: ${query}`,
          () => prometheus.query(query),
          (found) => Object.values(found).some(Number.isFinite),
        )
        t.ok(Object.keys(series).length > 0, title)
      }
    }
  })

  await t.test('every alert can be evaluated on what the service says', async (t) => {
    const rules = await until(
      'the rules to be evaluated',
      async () => {
        const { data } = (await prometheus.get('/api/v1/rules')) as {
          data: { groups: { rules: { name: string; health: string }[] }[] }
        }
        return data.groups.flatMap((group) => group.rules)
      },
      (all) => all.length > 0 && all.every(({ health }) => health !== 'unknown'),
    )
    t.strictSame(
      rules.map(({ name, health }) => [name, health]),
      alerts.map(({ alert }) => [alert, 'ok']),
    )
  })

  await t.test('every metric that an alert or a panel names is one that the service has', async (t) => {
    const text = await (await service.get('/metrics')).text()
    const expressions = [...alerts, ...dashboard.panels.flatMap(({ targets }) => targets)].map(
      ({ expr }) => expr,
    )
    const named = new Set(
      expressions.flatMap((expr) => expr.match(/\b(barometer|nodejs|process)_\w+/g) ?? []),
    )
    t.ok(named.size > 20)
    for (const name of named) t.match(text, new RegExp(`^${name}(\\{| )`, 'm'), name)
  })
})
