// Load on a server, from a process on another core. That one is ours: a generator that costs more than the server leaves the server idle, and
// then requests a second say nothing about it.
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import type { Measured } from './compare.ts'
import { LOAD_CORE, ROOT, run, type Server } from './processes.ts'

export interface Target {
  path: string
  /** Of the answer's body, in bytes, where it is known. */
  length?: number
  /** Sent by POST; GET without one. */
  body?: string
}

export interface LoadPlan {
  /** Asked for in turn. */
  targets: Target[]
  headers?: Record<string, string>
  /** Of each answer; 200 unless given. */
  status?: number
  /** Each has one request under way at a time. */
  connections: number
  /** Requests a second, due at even intervals whatever the server does; as fast as answers come unless given. */
  rate?: number
  until:
    | { kind: 'seconds'; seconds: number }
    | { kind: 'amount'; requests: number }
    /** As long as the server takes for this request, beside the others. */
    | { kind: 'answer'; method: string; path: string }
}

/** What the load's own process prints. */
export interface Printed {
  requests: number
  seconds: number
  /** In milliseconds, from when a request was due. */
  p50: number
  p99: number
  max: number
  serverCpuSeconds: number | null
  ownCpuSeconds: number
  /** The answer to the request that lasted as long as the load. */
  meanwhile?: string
}

/** @throws Error when a request fails or is answered otherwise than expected. */
export async function load(server: Server, plan: LoadPlan): Promise<Printed> {
  const folder = await mkdtemp(path.join(tmpdir(), 'barometer-bench-'))
  const file = path.join(folder, 'plan.json')
  await writeFile(file, JSON.stringify({ url: server.url, pid: server.pid, ...plan }))
  const program = path.join(ROOT, 'bench/load-process.ts')
  const child = run([process.execPath, '--import=tsx', program, file], LOAD_CORE)
  const [printed] = await Promise.all([text(child.stdout!), once(child, 'close')])
  await rm(folder, { recursive: true })
  if (child.exitCode !== 0) throw new Error('the load failed; what went wrong stands above')
  return JSON.parse(printed) as Printed
}

/** Requests a second, and what one cost the server. */
export async function throughput(server: Server, plan: LoadPlan): Promise<Measured> {
  const { requests, seconds, serverCpuSeconds: cpu, ownCpuSeconds } = await load(server, plan)
  return {
    value: requests / seconds,
    ...(cpu === null
      ? {}
      : {
          cpu: {
            share: cpu / seconds,
            microseconds: (cpu / requests) * 1e6,
            loadShare: ownCpuSeconds / seconds,
          },
        }),
  }
}
