// Which files a run is asked for: all, a file, a folder of one tier or of all, and an error for what is not there.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { isOfToday, select } from '../../../scripts/tests/selection.ts'

const FILES = [
  'test/unit/pagination/cursor.test.ts',
  'test/unit/pagination-model.test.ts',
  'test/service/pagination/walks.test.ts',
  'test/service/pagination/rows.ts',
  'test/faults/process/stop.test.ts',
  'test/support/redis.test.ts',
]
const root = t.testdir()
for (const file of FILES) {
  mkdirSync(path.join(root, path.dirname(file)), { recursive: true })
  writeFileSync(path.join(root, file), '')
}
const names = (asked: string[]): string[] => select(root, asked).map(({ name }) => name)

t.test('without a name all of all tiers, what fails fast first', (t) => {
  t.strictSame(names([]), [
    'test/unit/pagination-model.test.ts',
    'test/unit/pagination/cursor.test.ts',
    'test/service/pagination/walks.test.ts',
    'test/faults/process/stop.test.ts',
  ])
  t.strictSame(
    select(root, []).map(({ tier }) => tier),
    ['unit', 'unit', 'service', 'faults'],
  )
  t.end()
})

t.test('a file, a tier, a folder of a tier, and a folder of all tiers', (t) => {
  t.strictSame(names(['test/faults/process/stop.test.ts']), ['test/faults/process/stop.test.ts'])
  t.strictSame(names(['test/process/stop.test.ts']), ['test/faults/process/stop.test.ts'])
  t.strictSame(names(['test/unit']).length, 2)
  t.strictSame(names(['test/service/pagination/']), ['test/service/pagination/walks.test.ts'])
  const ofAllTiers = ['test/unit/pagination/cursor.test.ts', 'test/service/pagination/walks.test.ts']
  t.strictSame(names(['test/pagination']), ofAllTiers)
  t.strictSame(names(['test/pagination', path.join(root, 'test/service')]), ofAllTiers, 'each once')
  t.end()
})

t.test('what is not there is no success', (t) => {
  for (const asked of ['test/nowhere', 'test/support', 'test/service/pagination/rows.ts', 'cursor'])
    t.throws(() => names([asked]), { message: `no test file: ${asked}` })
  t.end()
})

t.test('in seven days each place has its day, the same all day long', (t) => {
  const MONDAY = Date.UTC(2026, 10, 30)
  const DAY_MS = 86_400_000
  for (let place = 0; place < 20; place++) {
    const days = Array.from({ length: 7 }, (_, day) => MONDAY + day * DAY_MS)
    const its = days.filter((now) => isOfToday(place, now))
    t.equal(its.length, 1, `place ${place}`)
    t.equal(isOfToday(place, its[0]! + DAY_MS - 1), true)
  }
  t.end()
})
