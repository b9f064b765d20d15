// Runs tests: `npm test` all, `npm test -- test/pagination` what is named, in three tiers, each as wide as it bears. `npm run soak` runs the long
// ones at full size, one after the other, and has the pure parts mutated; with `--slice` those of today, so that a week has them all.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { explain, runFile, type FileRun } from './tests/file-run.ts'
import { isOfToday, select, TIERS, type TestFile, type Tier } from './tests/selection.ts'
import { SIZES } from '../test/support/sizes.ts'
import { startServers, type Servers } from './tests/servers.ts'
import { transpile } from './tests/transpile.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const SLOWEST = 10

const { values, positionals } = parseArgs({
  options: {
    workers: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    soak: { type: 'boolean', default: false },
    slice: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
const LIMIT_SECONDS = values.soak ? 3600 : 300

/** Files of a tier that run at a time. Those of services wait more than they work; of those that kill and pause one runs, beside them. */
const WIDTH: Record<Tier, number> = {
  unit: values.soak ? 1 : availableParallelism(),
  service: values.soak ? 1 : Number(values.workers ?? availableParallelism() + 1),
  faults: 1,
}
/** Tiers that run side by side, one stage after the other: what fails fast comes first. */
const STAGES: Tier[][] = values.soak ? TIERS.map((tier) => [tier]) : [['unit'], ['service', 'faults']]

interface Ran extends FileRun, TestFile {}

async function main(): Promise<boolean> {
  const files = values.soak ? longFiles() : select(ROOT, positionals)
  const withServers = files.filter(({ tier }) => tier !== 'unit')
  const copy = transpile()
  if (withServers.length > 0) requireServers()
  const browser = withServers.some(({ name }) => name.includes('/dashboard/'))
  const workers = WIDTH.service + WIDTH.faults
  const servers = withServers.length > 0 ? await startServers({ workers, browser }) : null
  const stop = (): void => {
    void (servers?.stop() ?? Promise.resolve()).finally(() => process.exit(130))
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const ran: Ran[] = []
  try {
    for (const stage of STAGES) {
      const tiers = stage.filter((tier) => files.some((file) => file.tier === tier))
      const runs = tiers.map((tier) =>
        runTier(
          tier,
          files.filter((file) => file.tier === tier),
          copy,
          servers,
          files.length === 1,
        ),
      )
      ran.push(...(await Promise.all(runs)).flat())
    }
  } finally {
    await servers?.stop()
  }
  return report(ran)
}

/** Those that have sizes, or of these the ones that are named, or today's. */
function longFiles(): TestFile[] {
  const long = select(ROOT, [...new Set(Object.values(SIZES).map(({ file }) => file))])
  const named = positionals.length === 0 ? long : select(ROOT, positionals)
  const files = long.filter(
    ({ name }, place) => named.some((file) => file.name === name) && (!values.slice || isOfToday(place)),
  )
  for (const [variable, { file, soak, counts }] of Object.entries(SIZES))
    if (files.some(({ name }) => name === file))
      console.log(`${file}: ${process.env[variable] ?? soak} ${counts} (${variable})`)
  return files
}

async function runTier(
  tier: Tier,
  files: TestFile[],
  copy: string,
  servers: Servers | null,
  alone: boolean,
): Promise<Ran[]> {
  const began = performance.now()
  const waiting = [...files]
  const ran: Ran[] = []
  // Those of the two tiers that run side by side are others.
  const first = tier === 'faults' ? WIDTH.service : 0
  const work = async (worker: number): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const run = await runFile(
        ['--enable-source-maps', path.join(copy, file.name.replace(/\.ts$/, '.js'))],
        {
          cwd: ROOT,
          environment: { ...servers?.environmentOf(worker), ...(values.soak ? { SOAK: '1' } : {}) },
          limitSeconds: LIMIT_SECONDS,
          verbose: values.verbose || alone || values.soak,
        },
      )
      ran.push({ ...file, ...run })
      console.log(lineOf({ ...file, ...run }))
      if (!run.ok) console.log(explain(run.output))
    }
  }
  await Promise.all(
    Array.from({ length: Math.min(WIDTH[tier], files.length) }, (_, place) => work(first + place)),
  )
  const seconds = ((performance.now() - began) / 1_000).toFixed(0)
  console.log(
    `--- ${tier}: ${files.length} files in ${seconds} s, ${Math.min(WIDTH[tier], files.length)} at a time`,
  )
  return ran
}

function lineOf({ ok, seconds, passed, skipped, name }: Ran): string {
  const counted = `${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  return `${ok ? 'ok    ' : 'FAILED'} ${seconds.toFixed(1).padStart(6)} s  ${name}  ${counted}`
}

function report(ran: Ran[]): boolean {
  const sum = (name: 'passed' | 'failed' | 'skipped'): number =>
    ran.reduce((total, run) => total + run[name], 0)
  const failed = ran.filter(({ ok }) => !ok)
  if (ran.length > SLOWEST) {
    console.log('\nslowest files:')
    const slowest = [...ran].sort((one, other) => other.seconds - one.seconds).slice(0, SLOWEST)
    for (const run of slowest) console.log(lineOf(run))
  }
  if (failed.length > 0) console.log('\nfailed files:')
  for (const run of failed) console.log(lineOf(run))
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
  return failed.length === 0
}

/** A process of its own: installing takes a while and speaks for itself. */
function requireServers(): void {
  if (!runScript('require-servers.ts')) process.exit(1)
}

/** StrykerJS on the pure parts, or on those of today. */
function mutate(): boolean {
  return runScript('mutation.ts', ...(values.slice ? ['--slice'] : []))
}

function runScript(name: string, ...args: string[]): boolean {
  const script = path.join(ROOT, 'scripts', name)
  return spawnSync(process.execPath, ['--import=tsx', script, ...args], { stdio: 'inherit' }).status === 0
}

try {
  const passed = await main()
  // Whoever names tests wants these.
  const killed = values.soak && positionals.length === 0 ? mutate() : true
  process.exitCode = passed && killed ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
