// A stop by signal: with a hung PostgreSQL or Redis, or before the service listens, it is in time, and the exit code is 0.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { sharedPostgres, startPostgres } from '../../support/postgres.ts'
import { startServiceProcess, type ServiceProcess } from '../../support/processes.ts'
import { moduleFile, program, ROOT } from '../../support/root.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { startProxy } from '../../support/tcp-proxy.ts'
import { startLoad } from '../../support/keep-alive-load.ts'

const shared = await createDatabase(await sharedPostgres(t))
// Each has a service, and what hangs, of its own: most of it is waiting.
t.jobs = 3
const STOP_LIMIT_MS = 10_000
const LIST = '/api/v1/media/latest'

/** Ends the service by a signal and asserts the exit code and that it took no longer than a stop may. */
async function stops(t: Test, service: ServiceProcess): Promise<number> {
  const started = performance.now()
  t.equal(await service.end('SIGTERM'), 0, 'exit code')
  const took = performance.now() - started
  t.ok(took < STOP_LIMIT_MS, `within ${STOP_LIMIT_MS} ms: ${Math.round(took)}`)
  return took
}

void t.test('what is in flight when PostgreSQL hangs is answered', { buffered: true }, async (t) => {
  const postgres = await startPostgres(t)
  const service = await startServiceProcess(t, { DATABASE_URL: await createDatabase(postgres) })
  // Enough to have a connection to the server each.
  await Promise.all([1, 2, 3].map((limit) => service.get(`${LIST}?limit=${limit}`)))
  postgres.pause()
  t.teardown(() => postgres.resume())
  const load = startLoad(
    service.url,
    12,
    [`${LIST}?limit=11`, `${LIST}?limit=12`, '/api/v1/volume'],
    () => false,
  )
  t.equal((await service.get('/livez')).status, 200, 'what was sent before has arrived')
  await stops(t, service)
  const { lost, answers } = await load.finished
  t.strictSame([lost, answers], [[], { 503: 12 }])
  postgres.resume()
})

void t.test('what is in flight when Redis hangs is answered', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  const service = await startServiceProcess(t, {
    DATABASE_URL: shared,
    REDIS_URL: redis.url,
    STOP_DRAIN_MS: '1500',
  })
  t.equal((await service.get(LIST)).status, 200)
  redis.pause()
  const load = startLoad(service.url, 12, [`${LIST}?limit=11`, `${LIST}?limit=12`])
  t.equal((await service.get('/livez')).status, 200)
  const took = await stops(t, service)
  t.ok(took < 3000, `soon: ${Math.round(took)} ms`)
  const { lost, answers } = await load.finished
  t.strictSame([lost, Object.keys(answers)], [[], ['200']])
})

void t.test('a signal before it listens', { buffered: true }, async (t) => {
  // Held up by a PostgreSQL that does not answer.
  const silent = new URL(shared)
  const proxy = await startProxy(t, Number(silent.port))
  proxy.swallow()
  silent.port = String(proxy.port)
  const child = spawn(
    process.execPath,
    [`--import=${moduleFile('test/faults/process/say-ready')}`, ...program('src/server')],
    spawnOptions(silent.href),
  )
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  t.equal(code, 0)
})

function spawnOptions(DATABASE_URL: string) {
  const { PATH = '', HOME = '' } = process.env
  return {
    cwd: ROOT,
    env: { PATH, HOME, DATABASE_URL, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'] as ['ignore', 'pipe', 'inherit'],
  }
}
