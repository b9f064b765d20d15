// Holds docs/tests.md against the pages that promise and the tests that are there: `npm run promises`.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '..')
const PAGES = ['docs/caching.md', 'docs/pagination.md', 'docs/analyses.md']
const TABLE = 'docs/tests.md'

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')

/** The bold names of the list under "Promises". */
function promisesOf(page: string): string[] {
  const [, section = ''] = /^## Promises$([\s\S]*?)^## /m.exec(read(page)) ?? []
  return [...section.matchAll(/^\d+\. \*\*(.+?)\.?\*\*/gm)].map(([, name = '']) => name)
}

interface Row {
  promise: string
  file: string
  tier: string
}

/** A row without a promise goes on with the one before. */
function rowsOf(table: string): Row[] {
  let promise = ''
  return [...read(table).matchAll(/^\| (.*?) ?\| `(.+?)` \| (\w+) \|$/gm)].map(
    ([, name = '', file = '', tier = '']) => {
      promise = name === '' ? promise : name
      return { promise, file, tier }
    },
  )
}

function complaints(): string[] {
  const promises = PAGES.flatMap((page) => {
    const found = promisesOf(page)
    if (found.length === 0) throw new Error(`${page} promises nothing`)
    return found.map((name) => ({ page, name }))
  })
  const rows = rowsOf(TABLE)
  return [
    ...rows
      .filter(({ file }) => !existsSync(path.join(ROOT, 'test', `${file}.test.ts`)))
      .map(({ file }) => `${TABLE}: test/${file}.test.ts is not there`),
    ...rows
      .filter(({ file, tier }) => !file.startsWith(`${tier}/`))
      .map(({ file, tier }) => `${TABLE}: ${file} is not of the tier ${tier}`),
    ...rows
      .filter(({ promise }) => !promises.some(({ name }) => name === promise))
      .map(({ promise }) => `${TABLE}: nothing promises "${promise}"`),
    ...promises
      .filter(({ name }) => !rows.some(({ promise }) => promise === name))
      .map(({ page, name }) => `${page}: no test is listed for "${name}"`),
  ]
}

const found = complaints()
for (const complaint of found) console.error(complaint)
if (found.length === 0) console.log('every promise has its tests')
process.exitCode = found.length === 0 ? 0 : 1
