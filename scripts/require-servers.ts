// Run before the tests: makes sure that the servers they start are there, installing them where that needs nobody's help.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { findExecutable, findRedisServer } from '../test/support/redis-binary.ts'
import { findChromium } from '../test/support/chromium.ts'
import { findPrometheus } from '../test/support/prometheus-binary.ts'
import { familiesOf, planInstallation, type Installation, type Server } from './installation.ts'

const { values } = parseArgs({ options: { 'limit-seconds': { type: 'string', default: '300' } } })
const limit = AbortSignal.timeout(Number(values['limit-seconds']) * 1_000)

const PROGRAMS: Record<Server, string> = {
  redis: 'redis-server',
  prometheus: 'prometheus, promtool',
  chromium: 'chromium',
}

/** Paths of what is there, by what it is. @throws Error where REDIS_SERVER or CHROMIUM names something else. */
function find(): Record<Server, string | null> {
  const [redis, chromium] = [findRedisServer(), findChromium()]
  requireNamed('redis-server', 'REDIS_SERVER', redis)
  requireNamed('chromium', 'CHROMIUM', chromium)
  return { redis, prometheus: findPrometheus('promtool') === null ? null : findPrometheus(), chromium }
}

function requireNamed(program: string, variable: string, found: string | null): void {
  const named = process.env[variable]
  if (found === null && named)
    throw new Error(`${program}: ${variable} names ${named}, which is no program that can be run`)
}

/** Paths of all servers, installed now if need be. @throws Error with the line to print when there is one missing. */
async function requireServers(): Promise<string[]> {
  const missing = missingOf(find())
  if (missing.length > 0) await install(missing)
  const found = find()
  if (missingOf(found).length > 0) throw new Error(await complaint(missingOf(found)))
  return Object.values(found).filter((binary) => binary !== null)
}

async function install(missing: Server[]): Promise<void> {
  const { steps, line, note } = await planFor(missing)
  if (steps === null) throw new Error(await complaint(missing))
  console.error(`${namesOf(missing)}: not on the PATH, installing: ${line}${note && ` (${note})`}`)
  for (const step of steps) await run(step)
}

async function complaint(missing: Server[]): Promise<string> {
  const { line } = await planFor(missing)
  return `${namesOf(missing)}: not on the PATH, and the tests need it. Install it with: ${line}`
}

async function planFor(missing: Server[]): Promise<Installation> {
  const machine = {
    platform: process.platform,
    root: process.getuid?.() === 0,
    families: familiesOf(await readFile('/etc/os-release', 'utf8').catch(() => '')),
    has: (program: string) => findExecutable(program, process.env['PATH'] ?? '') !== null,
  }
  return planInstallation(machine, missing)
}

function missingOf(found: Record<Server, string | null>): Server[] {
  return (Object.keys(found) as Server[]).filter((server) => found[server] === null)
}

function namesOf(servers: Server[]): string {
  return servers.map((server) => PROGRAMS[server]).join(', ')
}

/** Runs one command to its end. @throws Error with the last of its output when it fails or the time limit ends it. */
async function run([program = '', ...args]: string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env, signal: limit })
  let output = ''
  const keepTail = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-1_000))
  child.stdout.on('data', keepTail)
  child.stderr.on('data', keepTail)
  const command = [program, ...args].join(' ')
  const [code] = (await once(child, 'close').catch((error: unknown) => {
    const reason = limit.aborted ? `not done within ${values['limit-seconds']} s` : String(error)
    throw new Error(`${reason}. Try it yourself: ${command}`)
  })) as [number | null]
  if (code !== 0) throw new Error(`could not be installed. Try it yourself: ${command}\n${output.trimEnd()}`)
}

try {
  for (const binary of await requireServers()) {
    const { stdout, stderr } = await promisify(execFile)(binary, ['--version'], { signal: limit })
    const version = /\bv(?:=|ersion )(\S+?),?\s/.exec(`${stdout}${stderr} `)?.[1] ?? stdout.trim()
    console.log(`${path.basename(binary)}: ${version} ${binary}`)
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  // Not by exit code alone: a package manager that ignores its end would keep the process.
  process.exit(1)
}
process.exit(0)
