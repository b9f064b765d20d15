// StrykerJS on the pure parts, module by module: `npm run mutation` for all, `npm run mutation -- cursor score-rank` for some, with `--slice` for those of
// today. What survives and is no mistake is listed, with a reason, in mutation/equivalent.ts.
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { MutantResult } from '@stryker-mutator/api/core'
import { Stryker } from '@stryker-mutator/core'
import { build } from 'esbuild'
import { EQUIVALENT } from './mutation/equivalent.ts'
import { isOfToday } from './tests/selection.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LEAST_PERCENT = 90
const TEMPORARY = path.join(ROOT, '.stryker-tmp')
/** Stryker's processes take messages of their own kind only, and tsx sends others: they are given JavaScript. */
const RUNNER = path.join(TEMPORARY, 'runner.mjs')

interface Module {
  mutate: string[]
  /** The quickest first. */
  testFiles: string[]
  /** Of each property, where a test asks for more: more only make a survivor cost more. */
  mostRuns?: number
}

/** Whole histories are computed for each test: few runs have to do. */
function scored(sources: string[], tests: string[]): Module {
  return {
    mutate: sources.map((name) => `src/score/${name}.ts`),
    testFiles: tests.map((name) => `test/unit/score/${name}.test.ts`),
    mostRuns: 10,
  }
}

/** A slice of the soak has one of the first seven, and the one that stands seven places behind it: long ones come alone. */
const MODULES: Record<string, Module> = {
  'clear-history': {
    mutate: ['src/cache/clear-history.ts'],
    testFiles: ['test/unit/cache/clear-history.test.ts', 'test/unit/cache/clear-history-kept.test.ts'],
  },
  entry: {
    mutate: ['src/cache/entry.ts'],
    testFiles: ['test/unit/cache/entry.test.ts', 'test/unit/cache/entry-inflated.test.ts'],
  },
  'score-simplified': scored(['simplified'], ['simplified']),
  glob: {
    mutate: ['src/cache/glob.ts', 'src/cache/glob-automaton.ts'],
    testFiles: ['test/unit/cache/glob-automaton.test.ts'],
    mostRuns: 100,
  },
  pagination: {
    // Without the schemas, which are texts for people and numbers that requests are tested by.
    mutate: ['errors', 'links', 'list', 'page', 'request', 'seek'].map((name) => `src/pagination/${name}.ts`),
    testFiles: ['seek', 'page', 'request', 'links'].map((name) => `test/unit/pagination/${name}.test.ts`),
    mostRuns: 100,
  },
  'score-rank': scored(['rank'], ['rank']),
  'score-method': scored(['method'], ['method']),
  'score-history': scored(['history'], ['dates', 'history']),
  'score-series': scored(['windows', 'components'], ['windows', 'bonds-and-media', 'components']),
  cursor: {
    mutate: ['src/pagination/cursor.ts'],
    testFiles: ['test/unit/pagination/cursor.test.ts'],
    mostRuns: 100,
  },
}

interface Survivor {
  file: string
  /** The whole line, as it is. */
  line: string
  number: number
  becomes: string
}

async function survivorOf({ fileName, location, replacement }: MutantResult): Promise<Survivor> {
  const number = location.start.line
  const line = (await readFile(fileName, 'utf8')).split('\n')[number - 1]?.trim() ?? ''
  return { file: path.relative(ROOT, fileName), line, number, becomes: replacement }
}

/** @returns whether enough is killed, and nothing is listed that is not there. */
async function measure(name: string, { mutate, testFiles, mostRuns = 1500 }: Module): Promise<boolean> {
  await build({
    entryPoints: [path.join(ROOT, 'scripts/mutation/runner.ts')],
    outfile: RUNNER,
    format: 'esm',
    target: 'node20',
  })
  const began = performance.now()
  const results = await new Stryker({
    configFile: 'stryker.config.json',
    plugins: [RUNNER],
    mutate,
    inProcess: { testFiles, mostRuns },
  }).runMutationTest()
  const detected = results.filter(({ status }) => status === 'Killed' || status === 'Timeout')
  const alive = results.filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
  const survivors = await Promise.all(alive.map(survivorOf))
  // One each: of two mutants that read alike only one may be equivalent.
  const stale = EQUIVALENT.filter(({ file }) => mutate.includes(file))
  const isListed = ({ file, line, becomes }: Survivor): boolean => {
    const at = stale.findIndex(
      (listed) => listed.file === file && listed.line === line && listed.becomes === becomes,
    )
    if (at !== -1) stale.splice(at, 1)
    return at !== -1
  }
  const unlisted = survivors.filter((survivor) => !isListed(survivor))
  // On a busy machine time may be over for one that would have lived.
  for (const result of results) if (result.status === 'Timeout') isListed(await survivorOf(result))
  for (const { file, number, line, becomes } of unlisted)
    console.log(`LIVES ${file}:${number}: ${line}\n  with ${becomes}`)
  for (const { file, line, becomes } of stale)
    console.log(`LISTED AS EQUIVALENT, AND NOT ALIVE ${file}: ${line}\n  with ${becomes}`)
  const percent = (100 * detected.length) / (detected.length + unlisted.length)
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  const others = results.length - detected.length - alive.length
  console.log(
    `${name}: ${percent.toFixed(1)} % in ${seconds} s (${detected.length} killed, ${unlisted.length} alive, ` +
      `${survivors.length - unlisted.length} equivalent${others > 0 ? `, ${others} that do not run` : ''})`,
  )
  return percent >= LEAST_PERCENT && stale.length === 0
}

const { values, positionals } = parseArgs({
  options: { slice: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const unknown = positionals.find((part) => !Object.keys(MODULES).some((name) => name.startsWith(part)))
if (unknown !== undefined)
  throw new Error(`${unknown} is no module: there are ${Object.keys(MODULES).join(', ')}`)
for (const [place, [name, module]] of Object.entries(MODULES).entries()) {
  if (positionals.length > 0 && !positionals.some((part) => name.startsWith(part))) continue
  if (values.slice && !isOfToday(place)) continue
  if (!(await measure(name, module))) process.exitCode = 1
}
await rm(TEMPORARY, { recursive: true, force: true })
