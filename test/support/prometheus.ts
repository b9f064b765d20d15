// A real Prometheus, scraping what a test has running, and the tool that comes with it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { until } from './until.ts'
import { findPrometheus } from './prometheus-binary.ts'
import { freePort } from '../../src/db/embedded/free-port.ts'

export interface TestPrometheus {
  /** What a query gives now: the values of its series, by their labels as text. */
  query(expression: string): Promise<Record<string, number>>
  get(path: string): Promise<unknown>
}

interface Series {
  metric: Record<string, string>
  value: [number, string]
}

/** Scrapes a service four times a second, as the job `barometer`. */
export async function startPrometheus(
  t: Test,
  service: { url: string },
  ruleFiles: string[],
): Promise<TestPrometheus> {
  const binary = findPrometheus()
  if (binary === null) throw new Error('no prometheus on the PATH')
  const dir = await mkdtemp(path.join(tmpdir(), 'barometer-prometheus-'))
  const config = {
    global: { scrape_interval: '250ms', scrape_timeout: '250ms', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    scrape_configs: [{ job_name: 'barometer', static_configs: [{ targets: [new URL(service.url).host] }] }],
  }
  // YAML, as all JSON is.
  const file = path.join(dir, 'prometheus.yml')
  await writeFile(file, JSON.stringify(config))
  const url = `127.0.0.1:${await freePort()}`
  const server = spawn(
    binary,
    [`--config.file=${file}`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=${url}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let log = ''
  server.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)))
  t.teardown(async () => {
    if (server.exitCode === null) {
      server.kill('SIGKILL')
      await once(server, 'exit')
    }
    await rm(dir, { recursive: true, force: true })
  })
  const get = async (route: string): Promise<unknown> => (await fetch(`http://${url}${route}`)).json()
  await until('Prometheus to be ready', async () => {
    if (server.exitCode !== null) throw new Error(`Prometheus ended: ${log}`)
    return fetch(`http://${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  })
  return {
    get,
    query: async (expression) => {
      const answer = (await get(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as {
        status: string
        error?: string
        data?: { result: Series[] }
      }
      if (answer.data === undefined) throw new Error(`${expression}: ${answer.error ?? answer.status}`)
      const series = answer.data.result.map(({ metric, value }) => [JSON.stringify(metric), Number(value[1])])
      return Object.fromEntries(series) as Record<string, number>
    },
  }
}
