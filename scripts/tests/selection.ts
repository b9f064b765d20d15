// Which test files a run is asked for, by tier. A tier is a folder.
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

/** In the order in which they run: what fails fast comes first. */
export const TIERS = ['unit', 'service', 'faults'] as const
export type Tier = (typeof TIERS)[number]

/** A slice a day, so that a week has them all. */
const DAYS = 7

/** Whether what stands at this place of a list is in the slice of today. */
export function isOfToday(place: number, now = Date.now()): boolean {
  return place % DAYS === Math.floor(now / 86_400_000) % DAYS
}

export interface TestFile {
  tier: Tier
  /** From the root, such as `test/unit/cache/key.test.ts`. */
  name: string
}

/**
 * All files, or those that are named: a file, a folder, or either with the tier left out (`test/pagination` is that folder of each tier).
 *
 * @throws Error that names what nothing was found for.
 */
export function select(root: string, names: string[]): TestFile[] {
  const all = TIERS.flatMap((tier) => filesOf(root, tier))
  if (names.length === 0) return all
  const wanted = new Set<TestFile>()
  for (const name of names) {
    const asked = path.relative(root, path.resolve(root, name))
    const found = all.filter((file) => matches(file, asked))
    if (found.length === 0) throw new Error(`no test file: ${name}`)
    for (const file of found) wanted.add(file)
  }
  return all.filter((file) => wanted.has(file))
}

function filesOf(root: string, tier: Tier): TestFile[] {
  const folder = path.join(root, 'test', tier)
  if (!existsSync(folder)) return []
  return readTests(folder)
    .sort()
    .map((file) => ({ tier, name: path.relative(root, file) }))
}

function matches({ tier, name }: TestFile, asked: string): boolean {
  const withoutTier = name.replace(`test/${tier}/`, 'test/')
  return [name, withoutTier].some((known) => known === asked || known.startsWith(`${asked}${path.sep}`))
}

function readTests(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => path.join(folder, file))
}
