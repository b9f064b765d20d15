// `npm run bench [-- NAME …] [-- --write]`: each figure beside its yardstick, in one run. --write keeps the table in docs/performance.md;
// --profile prints where the time of a hit goes instead.
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { analyses } from './analyses.ts'
import { backlog } from './backlog.ts'
import { clearByTag } from './clear-by-tag.ts'
import { clear } from './clear.ts'
import type { Comparison } from './compare.ts'
import { openDatabases, type Databases } from './database.ts'
import { hit } from './hit.ts'
import { ingest } from './ingest.ts'
import { lexicon } from './lexicon.ts'
import { miss } from './miss.ts'
import { endServers, ROOT } from './processes.ts'
import { polls } from './polls.ts'
import { profile } from './profile.ts'
import { redisHit } from './redis-hit.ts'
import { machine, report } from './report.ts'
import { score } from './score.ts'
import { sizing } from './sizing.ts'
import { walk } from './walk.ts'
import { warm } from './warm.ts'
import { wrongRecords } from './wrong-records.ts'

const SUITES: Record<string, (databases: Databases) => Promise<Comparison | Comparison[]>> = {
  hit: ({ sample }) => hit(sample),
  redis: ({ sample }) => redisHit(sample),
  miss: (databases) => miss(databases),
  clear: ({ sample }) => clear(sample),
  tag: ({ sample }) => clearByTag(sample),
  walk: async ({ million }) => walk(await million()),
  score: () => score(),
  lexicon: () => lexicon(),
  ingest: ({ sample }) => ingest(sample),
  warm: ({ sample }) => warm(sample),
  wrong: ({ sample }) => wrongRecords(sample),
  backlog: ({ sample }) => backlog(sample),
  polls: ({ sample }) => polls(sample),
  analyses: ({ sample }) => analyses(sample),
  sizing: ({ sample }) => sizing(sample),
}
const PAGE = path.join(ROOT, 'docs/performance.md')
const [BEGIN, END] = ['<!-- figures -->', '<!-- end of figures -->']

const OPTIONS = ['--write', '--profile']
const given = process.argv.slice(2)
const wanted = given.filter((argument) => !OPTIONS.includes(argument))
const unknown = wanted.find((name) => !(name in SUITES))
if (unknown !== undefined)
  throw new Error(`there is no ${unknown}; there are ${Object.keys(SUITES).join(', ')}`)

const databases = await openDatabases()
try {
  if (given.includes('--profile')) console.log(await profile(databases.sample))
  else await measure()
} finally {
  endServers()
  await databases.stop()
}

async function measure(): Promise<void> {
  const comparisons: Comparison[] = []
  for (const [name, suite] of Object.entries(SUITES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const started = performance.now()
    console.error(name)
    try {
      comparisons.push(...[await suite(databases)].flat())
    } catch (error) {
      // The other figures are worth having all the same.
      console.error(`${name} failed:`, error)
      process.exitCode = 1
      endServers()
    }
    console.error(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`)
  }
  const table = report(comparisons)
  console.log(`${machine()}\n\n${table}`)
  if (!given.includes('--write')) return
  if (process.exitCode === 1) throw new Error('figures are missing; the page is left as it is')
  const page = await readFile(PAGE, 'utf8')
  const [before, after] = [page.slice(0, page.indexOf(BEGIN)), page.slice(page.indexOf(END))]
  await writeFile(PAGE, `${before}${BEGIN}\n\n${machine()}.\n\n${table}\n\n${after}`)
}
