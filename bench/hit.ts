// A hit in memory: the full app as it runs in production, against a bare Fastify route that has the same bytes at hand.
import { compareByTurns, type Comparison } from './compare.ts'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fill, hitsPerSecond, LASTING, planOf, typicalAnswer } from './hits.ts'
import { throughput } from './load.ts'
import { startServer } from './processes.ts'

export async function hit(databaseUrl: string): Promise<Comparison[]> {
  const common = { DATABASE_URL: databaseUrl, ...LASTING }
  const ours = await startServer(['dist/server.js'], { ...common, LOG_LEVEL: 'warn' })
  const talking = await startServer(['dist/server.js'], common)
  const targets = await fill(ours)
  await fill(talking)
  const { target, body, etag } = await typicalAnswer(ours, targets)
  const folder = await mkdtemp(path.join(tmpdir(), 'barometer-bench-'))
  const file = path.join(folder, 'body.json')
  await writeFile(file, body)
  const bare = await startServer(['--import=tsx', 'bench/servers/bare.ts'], { BARE: 'bytes', FILE: file })

  const plan = planOf(targets)
  const one = planOf([target])
  const ofBare = planOf(targets.map(({ path }) => ({ path, length: body.length })))
  const against = 'a bare Fastify route with the same bytes'
  const unit = 'requests/s'
  const results: Comparison[] = [
    {
      name: `hit in memory, ${(body.length / 1000).toFixed(1)} kB list, ${targets.length.toLocaleString('en')} URLs`,
      against,
      unit,
      ...(await compareByTurns({
        ours: () => hitsPerSecond(ours, plan),
        yardstick: () => throughput(bare, ofBare),
      })),
      bound: { atLeast: 0.9 },
    },
    {
      // What the constant buffer always is: in the processor's cache.
      name: 'the same of one URL',
      against,
      unit,
      ...(await compareByTurns({
        ours: () => hitsPerSecond(ours, one),
        yardstick: () => throughput(bare, { ...one, targets: ofBare.targets.slice(0, 1) }),
      })),
      bound: null,
    },
    {
      name: 'the same with the log at info, as shipped',
      against,
      unit,
      ...(await compareByTurns({
        ours: () => hitsPerSecond(talking, plan),
        yardstick: () => throughput(bare, ofBare),
      })),
      bound: null,
    },
    {
      name: '304',
      against: 'the hit',
      unit,
      ...(await compareByTurns({
        ours: () => hitsPerSecond(ours, { ...one, headers: { 'if-none-match': etag }, status: 304 }),
        yardstick: () => hitsPerSecond(ours, one),
      })),
      bound: { atLeast: 1 },
    },
  ]
  await Promise.all([ours.stop(), talking.stop(), bare.stop()])
  await rm(folder, { recursive: true })
  return results
}
