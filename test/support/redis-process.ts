// One Redis server process: found a port for, launched until it answers, signalled, never left behind.
import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

export const HOST = '127.0.0.1'
export const START_LIMIT_MS = 20_000
const DISCONNECT_MS = 100
const PORT_ATTEMPTS = 50
/**
 * Below the ephemeral range of Linux and macOS, cluster bus (port + 10000) included: an outgoing connection can then neither take the port
 * of a killed server before its restart, nor connect to itself on it.
 */
const PORTS = { first: 10_240, last: 22_700 }

/** The port has an owner already; another one may be free. */
class PortTaken extends Error {}

/** Launches on the given port, or on random ones until one is free: only binding tells, as others pick at the same time. */
export async function onPort(
  fixed: number | undefined,
  launchOn: (port: number) => Promise<ChildProcess>,
): Promise<{ port: number; server: ChildProcess }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = fixed ?? randomInt(PORTS.first, PORTS.last)
    try {
      return { port, server: await launchOn(port) }
    } catch (error) {
      if (!(error instanceof PortTaken) || fixed !== undefined || attempt === PORT_ATTEMPTS) throw error
    }
  }
}

/**
 * Starts one server and resolves when it answers, and is the one launched here rather than an earlier owner of the port.
 *
 * @throws PortTaken when the port, or with it the cluster bus port, has an owner; Error with the server's log when it does not come up.
 */
export async function launch(
  binary: string,
  port: number,
  args: string[],
  password: string | undefined,
): Promise<ChildProcess> {
  const server = spawn(binary, ['--port', String(port), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  const keepTail = (chunk: Buffer): void => void (log = (log + chunk.toString()).slice(-4_000))
  server.stdout.on('data', keepTail)
  server.stderr.on('data', keepTail)
  endWithThisProcess(server)

  const probe = connect(port, password)
  const over = new AbortController()
  try {
    const ended = once(server, 'close', { signal: over.signal }).then(() => 'ended')
    const answer = await Promise.race([
      // Refused (a password): by an earlier owner of the port, and then this server is about to end.
      probe.info('server').catch(() => ended),
      ended,
      sleep(START_LIMIT_MS, 'silent', { signal: over.signal }),
    ])
    if (answer.includes(`process_id:${server.pid}\r\n`)) return server
    if (answer.startsWith('#') || log.includes('Address already in use')) {
      throw new PortTaken(`port ${port} is taken`)
    }
    throw new Error(`redis-server on port ${port} ${answer}:\n${log}`)
  } catch (error) {
    await end(server, 'SIGKILL')
    throw error
  } finally {
    over.abort()
    probe.disconnect()
  }
}

/**
 * Ends the server with this process, however that ends: also where no teardown and no exit handler gets to run (a test runner's SIGKILL),
 * the pipe that the shell reads is closed.
 */
function endWithThisProcess(server: ChildProcess): void {
  if (server.pid === undefined) return
  const script = 'read -r _; kill -9 "$0"'
  // In a session of its own, so that Ctrl-C does not end the shell before the server.
  const guard = spawn('/bin/sh', ['-c', script, String(server.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.unref()
  server.once('exit', () => guard.kill('SIGKILL'))
}

/** A client that keeps its commands back while the server is away. */
export function connect(port: number, password: string | undefined): Redis {
  const client = new Redis({
    host: HOST,
    port,
    ...(password === undefined ? {} : { password }),
    lazyConnect: true,
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
    // What is closed already is waited for all the same, and keeps the process.
    disconnectTimeout: DISCONNECT_MS,
  })
  // Being away is what these servers are for; a command that fails still rejects.
  client.on('error', () => undefined)
  return client
}

/** Sends a signal; resolves when the process is gone, or at once for a signal that ends nothing. */
export async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const running = server.pid !== undefined && server.exitCode === null && server.signalCode === null
  if (!running) return
  const gone = once(server, 'exit')
  server.kill(signal)
  if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await gone
}
