// Polls of /cache/stats: cheap however many there are, and true.
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { renewed } from '../../support/renewed.ts'
import { until } from '../../support/until.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startServiceProcess, type ServiceProcess } from '../../support/processes.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'

const POLLS_A_SECOND = 200
const ROUNDS = 3
const ROUND_MS = 2000
const [PROBE, STATS] = ['/livez', '/cache/stats'] as const
/** Jiffies, as Linux counts a process's time. */
const TICK_MS = 10
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

async function begin(t: Test) {
  const postgres = await sharedPostgres(t)
  // Its limit is told among the figures.
  const redis = await startRedis(t, { args: ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'] })
  const settings = {
    DATABASE_URL: await createDatabase(postgres),
    REDIS_URL: redis.url,
    CACHE_LOAD_COST: '0.25',
    PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0',
  }
  return { redis, settings }
}

t.test('figures: of this instance, of Redis, and what was saved', async (t) => {
  const { redis, settings } = await begin(t)
  // What is tested here is not how much a machine can do.
  const service = await startService(t, { ...settings, REDIS_COMMAND_TIMEOUT_MS: '5000' })
  await redis.client.config('RESETSTAT')
  for (let request = 0; request < 5; request++) await service.get(LIST)
  const figures = await until(
    'our keys to be counted',
    () => figuresOf(service),
    ({ redis: info }) => info?.own_keys_counted_at !== null,
  )
  const { hits, misses, loads } = figures
  t.ok(hits >= 1)
  t.equal(hits + misses, 5)
  t.match(figures, {
    requests: 5,
    categories: { media: { entries: 1, loads }, score: { entries: 0, loads: 0 } },
    windows: { '1m': { hits, requests: 5 }, '5m': { hits }, '1h': { hits } },
    lease: { state: /held|idle/ },
    redis: {
      memory_limit_bytes: 64 * 1024 * 1024,
      policy: 'allkeys-lru',
      evicted_keys: 0,
      breaker: { state: 'closed' },
    },
    savings: { loads_avoided: 5 - loads, cost: (5 - loads) * 0.25 },
  })
  t.strictSame(Object.keys(figures.windows['1m']!.categories), ['media'])
  t.ok(figures.load_ms_p50 > 0)
  t.ok(figures.redis!.clients >= 1)
  const age = Date.now() - Date.parse(figures.redis!.own_keys_counted_at!)
  t.ok(age >= 0 && age < 15_000, `${age} ms`)
  t.ok(Date.parse(figures.since) < Date.parse(figures.lease.since) + 1000)

  const { sent, per_request: perRequest } = figures.redis!.commands
  t.equal(perRequest, Math.round((sent / 5) * 100) / 100)
  const before = Number(/total_commands_processed:(\d+)/.exec(await redis.client.info('stats'))?.[1])
  const { sent: sentBefore } = (await figuresOf(service)).redis!.commands
  // What is loaded without a lease is not stored.
  await renewed(service.app.cache)
  for (let limit = 10; limit < 20; limit++) await service.get(`/api/v1/media/latest?limit=${limit}`)
  await until(
    'all to be stored',
    () => redis.client.dbsize(),
    (size) => size === 11,
  )
  const own = service.app.redisCommands.sent - sentBefore
  const counted =
    Number(/total_commands_processed:(\d+)/.exec(await redis.client.info('stats'))?.[1]) - before
  // A script and what it asks for are several to Redis and one to whoever sends it.
  t.ok(own >= 20 && own <= counted, `${own} sent, ${counted} processed`)
})

t.test(
  `${POLLS_A_SECOND} polls a second cost hardly more than as many answers of two words`,
  { skip: process.platform !== 'linux' && 'needs /proc' },
  async (t) => {
    const { redis, settings } = await begin(t)
    const service = await startServiceProcess(t, settings)
    await (await service.get(LIST)).text()
    // The code is compiled by then.
    for (const path of [PROBE, STATS]) await poll(service, path)
    await redis.client.config('RESETSTAT')
    const began = performance.now()
    const spent = { [PROBE]: 0, [STATS]: 0 }
    // In turns: what else the machine does falls on both.
    for (let round = 0; round < ROUNDS; round++) {
      for (const path of [PROBE, STATS]) {
        const before = processorMs(service)
        await poll(service, path)
        spent[path] += processorMs(service) - before
      }
    }
    const [probes, polls] = [PROBE, STATS].map((path) => spent[path] / (ROUNDS * ROUND_MS))
    const figures = `${(polls! * 100).toFixed(1)} % of a core, probes ${(probes! * 100).toFixed(1)} %`
    t.comment(figures)
    t.ok(polls! < probes! * 1.5 + 0.02, figures)
    const seconds = (performance.now() - began) / 1000
    const stats = await redis.client.info('commandstats')
    const calls = Number(/^cmdstat_info:calls=(\d+)/m.exec(stats)?.[1])
    t.ok(calls >= ROUNDS && calls <= seconds + 1, `INFO ${calls} times in ${seconds} s`)
  },
)

/** At an even pace, whether or not they are answered in time. */
async function poll({ url }: ServiceProcess, path: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      request(url + path, { agent }, (answer) => answer.resume().once('end', resolve))
        .once('error', reject)
        .end()
    })
  const all: Promise<void>[] = []
  const began = performance.now()
  for (let passed = 0; passed < ROUND_MS; passed = performance.now() - began) {
    while (all.length < (passed / 1000) * POLLS_A_SECOND) all.push(ask())
    await sleep(5)
  }
  await Promise.all(all)
  agent.destroy()
}

function processorMs({ pid }: ServiceProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}
