// Polls of /cache/stats: against a bare Fastify route that sends as many bytes, and what many of them take of a core.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { compare, PAIRS, type Comparison } from './compare.ts'
import { throughput, type LoadPlan } from './load.ts'
import { startServer } from './processes.ts'
import { startRedis } from './redis.ts'

const PATH = '/cache/stats'
const SECONDS = 3
const CONNECTIONS = 10
const A_SECOND = 200

export async function polls(databaseUrl: string): Promise<Comparison[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'barometer-bench-'))
  const redis = await startRedis()
  const ours = await startServer(['dist/server.js'], {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    LOG_LEVEL: 'warn',
  })
  const file = path.join(folder, 'stats.json')
  await writeFile(file, await (await fetch(ours.url + PATH)).text())
  const bare = await startServer(['--import=tsx', 'bench/servers/bare.ts'], { BARE: 'bytes', FILE: file })
  const plan: LoadPlan = {
    targets: [{ path: PATH }],
    connections: CONNECTIONS,
    until: { kind: 'seconds', seconds: SECONDS },
  }
  // Once uncounted: what comes first finds code that is not compiled yet.
  for (const server of [ours, bare]) await throughput(server, plan)
  const measured = await compare(PAIRS, {
    ours: () => throughput(ours, plan),
    yardstick: () => throughput(bare, plan),
  })
  await Promise.all([ours.stop(), bare.stop()])
  await redis.stop()
  await rm(folder, { recursive: true })
  const rows: Comparison[] = [
    {
      name: 'polls of /cache/stats',
      against: 'a bare Fastify route with the same bytes',
      unit: 'requests/s',
      ...measured,
      bound: null,
    },
  ]
  const { cpu } = measured
  if (cpu === undefined) return rows
  const share = (microseconds: number): number => (microseconds * A_SECOND) / 10_000
  const [own, yardstick] = [share(cpu.ours.microseconds), share(cpu.yardstick.microseconds)]
  rows.push({
    name: `what ${A_SECOND} of these a second take of a core, going by their CPU time`,
    against: 'as many of the bare route',
    unit: '%',
    ours: own,
    yardstick,
    ratio: null,
    bound: { atMost: 2 },
  })
  return rows
}
