// Polls of /cache/stats: answered at once whatever hangs, and true.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { until } from '../../support/until.ts'
import { startPostgres } from '../../support/postgres.ts'
import { startServiceProcess } from '../../support/processes.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'

const LIMIT_MS = 100
/** Of a machine that does something else at the time: of so many polls so many may be late. */
const LATE_OF_TEN = 2
const LIST = '/api/v1/media/latest?limit=1'

interface Figures {
  status: string
  instance: string
  since: string
  requests: number
  hits: number
  misses: number
  loads: number
  load_ms_p50: number
  categories: Record<string, { entries: number; bytes: number; loads: number }>
  windows: Record<string, { hits: number; requests: number; redis_commands: number; categories: object }>
  lease: { state: string; since: string }
  redis: {
    memory_limit_bytes: number | null
    policy: string
    evicted_keys: number
    clients: number
    own_keys_counted_at: string | null
    unanswered: number
    commands: { sent: number; per_request: number; per_day: number | null }
    breaker: { state: string; since: string }
  } | null
  savings: { loads_avoided: number; seconds: number; cost: number | null }
}

async function figuresOf({ get }: { get: (path: string) => Promise<Response> }): Promise<Figures> {
  return ((await (await get('/cache/stats')).json()) as { cache: Figures }).cache
}

/** How many of ten polls in a row took longer than the limit. */
async function late(service: { get: (path: string) => Promise<Response> }): Promise<number> {
  let count = 0
  for (let poll = 0; poll < 10; poll++) {
    const began = performance.now()
    await figuresOf(service)
    if (performance.now() - began > LIMIT_MS) count++
    await sleep(50)
  }
  return count
}

async function begin(t: Test) {
  const postgres = await startPostgres(t)
  const redis = await startRedis(t, { args: ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'] })
  const settings = {
    DATABASE_URL: await createDatabase(postgres),
    REDIS_URL: redis.url,
    CACHE_LOAD_COST: '0.25',
    PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0',
  }
  return { postgres, redis, settings }
}

t.test('while Redis hangs, and while PostgreSQL does', async (t) => {
  const { postgres, redis, settings } = await begin(t)
  const service = await startServiceProcess(t, settings)
  await (await service.get(LIST)).text()
  await figuresOf(service)
  redis.pause()
  t.ok((await late(service)) <= LATE_OF_TEN, 'Redis hangs')
  const open = await until(
    'the breaker to open',
    () => figuresOf(service),
    ({ redis: info }) => info?.breaker.state === 'open',
  )
  t.equal(open.status, 'degraded')
  t.ok(open.redis!.unanswered > 0)
  t.ok(Math.abs(Date.now() - Date.parse(open.redis!.breaker.since)) < 20_000)
  postgres.pause()
  t.teardown(() => postgres.resume())
  void service.get(LIST).then((answer) => answer.text())
  // Half of the limit is spent waiting for PostgreSQL; a poll that waited for more would be late in every series.
  await until(
    'ten polls in time while both hang',
    () => late(service),
    (count) => count <= LATE_OF_TEN,
  )
  const lost = await until(
    'the lease to be lost',
    async () => {
      await (await service.get(LIST)).text()
      return figuresOf(service)
    },
    ({ lease }) => lease.state === 'lost',
  )
  t.ok(Date.parse(lost.lease.since) <= Date.now())
  redis.resume()
  postgres.resume()
  await until(
    'all to be well',
    async () => {
      await (await service.get(LIST)).text()
      return figuresOf(service)
    },
    ({ lease, redis: info }) => lease.state === 'held' && info?.breaker.state === 'closed',
  )
})
