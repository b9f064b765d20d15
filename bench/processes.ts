// What is measured runs in processes of its own, on a core of its own where the system can do that.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../src/db/embedded/free-port.ts'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
const START_LIMIT_MS = 30_000
const CAN_PIN = spawnSync('taskset', ['-c', '0', 'true']).status === 0
/** Of /proc: CPU time is counted in these. */
const TICKS_PER_SECOND = 100
/** What is measured has this core for itself; the load, and the servers behind, share the other. */
export const SERVER_CORE = 0
export const LOAD_CORE = 1

export interface Server {
  url: string
  pid: number
  stop(): Promise<void>
}

/** What a benchmark started and has not stopped yet. */
const running = new Set<{ kill: () => void }>()

/** Notes what ends something, for a benchmark that fails before it does; gives back what takes the note away. */
export function started(kill: () => void): () => void {
  const note = { kill }
  running.add(note)
  return () => running.delete(note)
}

/** Starts a program of Node's, with these arguments, that listens on HOST and PORT; resolves when it answers. */
export async function startServer(args: string[], environment: Record<string, string>): Promise<Server> {
  const port = await freePort()
  const child = run([process.execPath, ...args], SERVER_CORE, {
    ...environment,
    HOST: '127.0.0.1',
    PORT: String(port),
  })
  child.once(
    'exit',
    started(() => child.kill('SIGKILL')),
  )
  // A pipe that nobody reads fills up, and a log line then waits for ever.
  child.stdout?.resume()
  const url = `http://127.0.0.1:${port}`
  const deadline = Date.now() + START_LIMIT_MS
  while (!(await answers(`${url}/livez`))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${args.join(' ')} does not answer`)
    await sleep(50)
  }
  return {
    url,
    pid: child.pid!,
    stop: async () => {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** What a benchmark that failed has left behind must not run beside the next one, nor after all of them. */
export function endServers(): void {
  for (const { kill } of running) kill()
}

/** Runs a program with these arguments on this core, or on any where cores cannot be chosen. */
export function run(
  [file = '', ...args]: string[],
  core: number,
  environment: Record<string, string> = {},
): ChildProcess {
  const { PATH = '', HOME = '' } = process.env
  const [program, ...all] = CAN_PIN ? ['taskset', '-c', String(core), file, ...args] : [file, ...args]
  return spawn(program, all, {
    cwd: ROOT,
    env: { PATH, HOME, NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Moves a process that runs already, with all its threads, to these cores where cores can be chosen. */
export function pin(pid: number, ...cores: number[]): void {
  if (CAN_PIN) spawnSync('taskset', ['-a', '-c', '-p', cores.join(), String(pid)])
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  )
}

/** CPU time of a process since it started, in seconds; null where the system does not tell. */
export function cpuSeconds(pid: number): number | null {
  try {
    // Behind the program's name, which may have blanks in it: fields 14 and 15 are user and system time.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  } catch {
    return null
  }
}
