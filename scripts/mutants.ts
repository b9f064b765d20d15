// Mistakes that a maintainer could make, each a patch in `mutants/`, made in a copy of this tree one after the other: the tests that a patch names have
// to fail with it. `npm run mutants`, or some of them: `npm run mutants -- cache/lease redis-scripts`.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { startServers, type Servers } from './tests/servers.ts'
import { transpile } from './tests/transpile.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PATCHES = path.join(ROOT, 'mutants')
const KILL = /^kill: (.+)$/m
/** Of one test file, as in a run of all tests: a mutant that makes it hang is found out as well. */
const FILE_LIMIT_MS = 300_000

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { 'limit-minutes': { type: 'string', default: '60' } },
})
const deadline = performance.now() + Number(values['limit-minutes']) * 60_000

/** What became of a test file. `broken`: no test of it failed, it did not run. */
type Ran = { outcome: 'passed' } | { outcome: 'failed' | 'broken'; because: string }
/** What became of a mutant; all but `killed` is an error. */
type Verdict = 'killed' | 'LIVES' | 'DOES NOT APPLY' | 'DOES NOT RUN' | 'NOT REACHED'

/** PostgreSQL and Redis for all files that need one, from the first such file on. */
let servers = null as Promise<Servers> | null

/** The one place that knows how a test file is run: as `npm test` does, one after the other. */
async function runTest(tree: string, file: string): Promise<Ran> {
  const copy = transpile(tree)
  const isUnit = file.startsWith('test/unit/')
  if (!isUnit) servers ??= startServers({ workers: 1, browser: false })
  const environment = isUnit ? {} : (await servers)?.environmentOf(0)
  const child = spawn(process.execPath, ['--enable-source-maps', file.replace(/\.ts$/, '.js')], {
    cwd: copy,
    // With whatever it has started, where it has to be ended.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment, TAP_TIMEOUT: String(FILE_LIMIT_MS / 1000), TAP_BAIL: '1' },
  })
  let output = ''
  const note = (chunk: string): void => void (output += chunk)
  child.stdout.setEncoding('utf8').on('data', note)
  child.stderr.setEncoding('utf8').on('data', note)
  let isLate = false as boolean
  const timer = setTimeout(() => {
    isLate = true
    process.kill(-child.pid!, 'SIGKILL')
  }, FILE_LIMIT_MS)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  if (isLate) return { outcome: 'failed', because: `not over after ${FILE_LIMIT_MS / 1000} s` }
  if (code === 0) return { outcome: 'passed' }
  const failure = /^ *not ok (?:\d+ - )?(.*)$/m.exec(output)?.[1]
  return failure === undefined
    ? { outcome: 'broken', because: output.trim().slice(-500) }
    : { outcome: 'failed', because: failure }
}

/** All files under a folder, by their paths from there. */
async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()
}

/** What is under version control or could be. */
async function listTree(): Promise<string[]> {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    maxBuffer: 2 ** 26,
  })
  return stdout.split('\0').filter((file) => file !== '' && file !== 'node_modules')
}

async function copyTree(to: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(path.dirname(path.join(to, file)), { recursive: true })
    // One that is deleted and not yet committed is still listed.
    await cp(path.join(ROOT, file), path.join(to, file)).catch(() => undefined)
  }
}

/** The files that a patch changes. */
function changedBy(patch: string): string[] {
  return [...patch.matchAll(/^\+\+\+ b\/(\S+)/gm)].map(([, file = '']) => file)
}

/** The test file that a patch means: of several of one name, the one in a folder of the same name. @throws Error where there is none. */
function resolveTest(named: string, tests: readonly string[]): string {
  if (tests.includes(named)) return named
  const sameName = tests.filter((file) => path.basename(file) === path.basename(named))
  const area = path.basename(path.dirname(named))
  const sameArea = sameName.filter((file) => path.basename(path.dirname(file)) === area)
  const found = sameArea.length > 0 ? sameArea : sameName
  if (found.length !== 1) throw new Error(`${named}: there are ${found.length} test files of this name`)
  return found[0]!
}

async function apply(tree: string, patch: string): Promise<boolean> {
  // Not as a part of a repository that the copy may happen to lie in.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: path.dirname(tree) }
  return run('git', ['apply', patch], { cwd: tree, env }).then(
    () => true,
    () => false,
  )
}

/** Of test files without a mutant: whoever fails then cannot kill any. */
const sound = new Map<string, Promise<Ran>>()

async function judge(tree: string, patch: string, tests: readonly string[]): Promise<[Verdict, string]> {
  const text = await readFile(path.join(PATCHES, patch), 'utf8')
  const named = KILL.exec(text)?.[1]?.split(/[ ,]+/) ?? []
  if (named.length === 0) return ['DOES NOT RUN', 'it names no test: its first line is to be `kill: test/…`']
  const killers = named.map((file) => resolveTest(file, tests))
  for (const file of killers) {
    if (!sound.has(file)) sound.set(file, runTest(tree, file))
    const ran = (await sound.get(file))!
    if (ran.outcome !== 'passed') return ['DOES NOT RUN', `${file} fails without it: ${ran.because}`]
  }
  if (!(await apply(tree, path.join(PATCHES, patch)))) return ['DOES NOT APPLY', '']
  try {
    for (const file of killers) {
      const ran = await runTest(tree, file)
      if (ran.outcome === 'failed') return ['killed', `${file}: ${ran.because}`]
      if (ran.outcome === 'broken') return ['DOES NOT RUN', ran.because]
    }
    return ['LIVES', killers.join(', ')]
  } finally {
    await copyTree(tree, changedBy(text))
  }
}

const patches = (await filesUnder(PATCHES)).filter(
  (file) => file.endsWith('.patch') && (wanted.length === 0 || wanted.some((name) => file.includes(name))),
)
if (patches.length === 0) throw new Error(`no patch in mutants/ is named ${wanted.join(' or ')}`)
const tree = await mkdtemp(path.join(tmpdir(), 'barometer-mutants-'))
const counts: Partial<Record<Verdict, number>> = {}
try {
  await copyTree(tree, await listTree())
  await symlink(path.join(ROOT, 'node_modules'), path.join(tree, 'node_modules'))
  const tests = (await filesUnder(path.join(tree, 'test'))).map((file) => path.posix.join('test', file))
  for (const [index, patch] of patches.entries()) {
    const [verdict, because] =
      performance.now() > deadline
        ? (['NOT REACHED', `${values['limit-minutes']} minutes were over`] as const)
        : await judge(tree, patch, tests).catch((error: unknown): [Verdict, string] => [
            'DOES NOT RUN',
            String(error),
          ])
    counts[verdict] = (counts[verdict] ?? 0) + 1
    console.log(`${index + 1}/${patches.length} ${verdict} ${patch.replace('.patch', '')}: ${because}`)
  }
} finally {
  await (await servers)?.stop()
  await rm(tree, { recursive: true, force: true })
}
console.log(
  Object.entries(counts)
    .map(([verdict, count]) => `${count} ${verdict}`)
    .join(', '),
)
if (counts.killed !== patches.length) process.exitCode = 1
