// What the benchmarks of hits have in common: the URLs, their answers stored beforehand, and that nothing but hits was measured.
import { type Measured } from './compare.ts'
import { load, throughput, type LoadPlan, type Target } from './load.ts'
import type { Server } from './processes.ts'

const URLS = 1000
const CONNECTIONS = 50
const SECONDS = 1
const STORE_LIMIT_MS = 10_000

/** Of the service: nothing expires while it is measured. */
export const LASTING = { CACHE_TTL_MEDIA: '3600' }

/** fetch takes gzip unless told not to, and what is asked for so is stored so. */
export const PLAIN = { headers: { 'accept-encoding': 'identity' } }

/** Plain loads of hits, of so many URLs. */
export function planOf(targets: Target[]): LoadPlan {
  return { targets, connections: CONNECTIONS, until: { kind: 'seconds', seconds: SECONDS } }
}

/** Asks for each of the URLs until its answer is a hit; resolves with them and the answers' lengths. */
export async function fill(server: Server, urls = URLS): Promise<Target[]> {
  const targets: Target[] = []
  for (let offset = 0; offset < urls; offset += 1) {
    const path = `/api/v1/media/latest?limit=20&offset=${offset}`
    const deadline = Date.now() + STORE_LIMIT_MS
    let length = 0
    for (let outcome: string | null = null; outcome !== 'HIT';) {
      if (Date.now() > deadline) throw new Error(`the cache does not keep ${path}`)
      const response = await fetch(server.url + path, PLAIN)
      if (!response.ok) throw new Error(`${path} was answered ${response.status}`)
      length = (await response.arrayBuffer()).byteLength
      outcome = response.headers.get('x-cache')
    }
    targets.push({ path, length })
  }
  return targets
}

/** The answer of middling length among these, as the service gives it. */
export async function typicalAnswer(
  server: Server,
  targets: Target[],
): Promise<{ body: Buffer; etag: string; target: Target }> {
  const sorted = targets.toSorted((one, other) => (one.length ?? 0) - (other.length ?? 0))
  const target = sorted[Math.floor(sorted.length / 2)]!
  const response = await fetch(server.url + target.path, PLAIN)
  return {
    target,
    body: Buffer.from(await response.arrayBuffer()),
    etag: response.headers.get('etag') ?? '',
  }
}

/** Requests a second of a service that answers them all from its cache. @throws Error when it did not. */
export async function hitsPerSecond(server: Server, plan: LoadPlan): Promise<Measured> {
  const before = await misses(server)
  const measured = await throughput(server, plan)
  const more = (await misses(server)) - before
  if (more > 0) throw new Error(`${more} of the requests were no hits`)
  return measured
}

/** Of hits at so many a second: quantiles of the time from when each was due to its answer, and the longest, in milliseconds. */
export async function latencyAt(
  server: Server,
  plan: Pick<LoadPlan, 'targets' | 'rate' | 'until'>,
): Promise<{ p50: number; p99: number; max: number; meanwhile: string | undefined }> {
  const { p50, p99, max, meanwhile } = await load(server, { ...plan, connections: CONNECTIONS })
  return { p50, p99, max, meanwhile }
}

async function misses(server: Server): Promise<number> {
  const response = await fetch(`${server.url}/cache/stats`)
  const { cache } = (await response.json()) as { cache: { misses: number } }
  return cache.misses
}
