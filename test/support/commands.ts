// The command line as a process that a test can feed, signal and watch, and a service that answers a clear as told.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Writable } from 'node:stream'
import type { Test } from 'tap'
import { runCommandLine } from '../../src/cli/program.ts'
import { program, ROOT } from './root.ts'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface Command {
  stdin: Writable
  signal(name: NodeJS.Signals): void
  /** Resolves once it has written so many lines to standard output. */
  printed(lines: number): Promise<void>
  ended: Promise<Ended>
}

/** Starts the command line from its sources; it gets these variables and what every program needs, and no others. */
export function startCommand(t: Test, args: string[], environment: Record<string, string>): Command {
  const { PATH = '', HOME = '' } = process.env
  const child: ChildProcess = spawn(process.execPath, [...program('src/cli/index'), ...args], {
    cwd: ROOT,
    env: { PATH, HOME, ...environment },
    stdio: 'pipe',
  })
  const result: Ended = { code: null, stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (result.stdout += chunk))
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (result.stderr += chunk))
  // A command that ends before it has read everything closes the pipe; its exit code says why.
  child.stdin?.on('error', () => undefined)
  const ended = once(child, 'close').then(([code]) => ({ ...result, code: code as number | null }))
  const printed = (lines: number): Promise<void> =>
    new Promise((resolve) => {
      child.stdout?.on('data', () => {
        if (result.stdout.split('\n').length > lines) resolve()
      })
    })
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })
  return { stdin: child.stdin!, signal: (name) => child.kill(name), printed, ended }
}

/** Runs a command to its end on this standard input. */
export function runCommand(
  t: Test,
  args: string[],
  environment: Record<string, string>,
  input: string | Buffer = '',
): Promise<Ended> {
  const command = startCommand(t, args, environment)
  command.stdin.end(input)
  return command.ended
}

/** Runs a command to its end in this process: a start of one costs more than most do. Its standard input is the test's own; one at a time. */
export async function runHere(args: string[], environment: Record<string, string>): Promise<Ended> {
  const ended: Ended = { code: null, stdout: '', stderr: '' }
  const { log } = console
  const write = process.stderr.write.bind(process.stderr)
  console.log = (text: string) => void (ended.stdout += `${text}\n`)
  process.stderr.write = (text: string | Uint8Array) => {
    ended.stderr += String(text)
    return true
  }
  try {
    ended.code = await runCommandLine(args, { ...environment })
  } finally {
    console.log = log
    process.stderr.write = write
  }
  return ended
}

export interface ClearServer {
  url: string
  /** Method, path and API key of each request. */
  requests: { method: string; url: string; key: string | null }[]
}

/** An HTTP server that gives every request the same answer. */
export async function startClearServer(t: Test, status: number, body: string): Promise<ClearServer> {
  const requests: ClearServer['requests'] = []
  const server = createServer((request, response) => {
    const key = request.headers['x-api-key']
    requests.push({
      method: request.method ?? '',
      url: request.url ?? '',
      key: typeof key === 'string' ? key : null,
    })
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}
