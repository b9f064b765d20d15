// The service and its command line as processes of their own, started as an operator would.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { program, ROOT } from './root.ts'

const START_LIMIT_MS = 60_000

export interface ServiceProcess {
  url: string
  pid: number
  /** What it wrote to standard output, a message a line. */
  lines: string[]
  get(path: string): Promise<Response>
  /** Sends a signal and resolves with the exit code, null where the signal ended it. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts the service from its sources, or by another command, and resolves when it listens. */
export async function startServiceProcess(
  t: Test,
  environment: Record<string, string>,
  command: string[] = [process.execPath, ...program('src/server')],
): Promise<ServiceProcess> {
  // What an earlier service on the same database was asked for most would be loaded here as well; and how much a machine can do is another matter.
  const defaults = {
    PORT: '0',
    CACHE_WARM_KEYS: '0',
    ANALYSE_ARTICLES: 'off',
    PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0',
  }
  const child = launch(command, { ...defaults, ...environment })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    return (await exited)[0]
  }
  t.teardown(() => end('SIGTERM'))
  const lines: string[] = []
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk))
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not listening in time: ${lines.join('\n')}${errors}`)),
      START_LIMIT_MS,
    )
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`ended with ${code} before it listened: ${errors}`))
    })
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const message = messageOf(line)
      lines.push(message)
      const address = /listening on (\S+),/.exec(message)?.[1]
      if (address === undefined) return
      clearTimeout(timer)
      resolve(address)
    })
  })
  return { url, pid: child.pid!, lines, get: (route) => fetch(url + route), end }
}

export interface CliResult {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs the command line to its end. */
export async function runCli(
  args: string[],
  environment: Record<string, string>,
  command: string[] = [process.execPath, ...program('src/cli/index')],
): Promise<CliResult> {
  const child = launch([...command, ...args], environment)
  const result: CliResult = { code: null, stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (result.stdout += chunk))
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (result.stderr += chunk))
  ;[result.code] = (await once(child, 'close')) as [number | null]
  return result
}

/** Only what is named reaches the process, besides what every program needs. */
function launch([file = '', ...args]: string[], environment: Record<string, string>): ChildProcess {
  const { PATH = '', HOME = '', TMPDIR } = process.env
  const base = { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }) }
  return spawn(file, args, {
    cwd: ROOT,
    env: { ...base, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function messageOf(line: string): string {
  try {
    return (JSON.parse(line) as { msg: string }).msg
  } catch {
    return line
  }
}
