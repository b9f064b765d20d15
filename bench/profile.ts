// Where the time of a hit in memory goes: what Node's own profiler saw of the server under load.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fill, hitsPerSecond, LASTING, planOf } from './hits.ts'
import { ROOT, startServer } from './processes.ts'

const ROWS = 15
const SECONDS = 3

/** Of a .cpuprofile: which function each sample fell into, and the microseconds until the next one. */
interface Profile {
  /** In microseconds, like the deltas: when the last sample was taken, about when the process ended. */
  endTime: number
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  timeDeltas: number[]
}

export async function profile(databaseUrl: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'barometer-bench-'))
  const server = await startServer(['--cpu-prof', `--cpu-prof-dir=${folder}`, 'dist/server.js'], {
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'warn',
    ...LASTING,
  })
  const plan = { ...planOf(await fill(server)), until: { kind: 'seconds', seconds: SECONDS } as const }
  const began = performance.now()
  await hitsPerSecond(server, plan)
  await server.stop()
  const lastedMs = performance.now() - began
  const [file = ''] = await readdir(folder)
  const read = JSON.parse(await readFile(path.join(folder, file), 'utf8')) as Profile
  await rm(folder, { recursive: true })

  const self = selfTimes(read, read.endTime - lastedMs * 1000)
  const all = [...self.values()].reduce((sum, time) => sum + time, 0)
  return [...self]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, ROWS)
    .map(([name, time]) => `${((time / all) * 100).toFixed(1).padStart(5)} %  ${name}`)
    .join('\n')
}

/** Microseconds by function, since then: not of the start, nor of what filled the cache. */
function selfTimes({ endTime, nodes, samples, timeDeltas }: Profile, since: number): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const self = new Map<string, number>()
  let at = endTime
  for (let index = samples.length - 1; index >= 0 && at > since; index -= 1) {
    const name = names.get(samples[index]!) ?? ''
    self.set(name, (self.get(name) ?? 0) + (timeDeltas[index] ?? 0))
    at -= timeDeltas[index] ?? 0
  }
  self.delete('(idle)')
  return self
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const where = url.replace(`file://${ROOT}`, '')
  return `${functionName || '(anonymous)'}${where === '' ? '' : `  ${where}:${lineNumber + 1}`}`
}
