// The checker of clears finds what is planted, and excuses nothing but what the contract does.
import t from 'tap'
import { ClearChecker } from '../../support/clear-checker.ts'

const all = (): boolean => true

/** Two instances; version 1 of `a` and of `b` is committed. */
function checkerOfTwo(): ClearChecker {
  const checker = new ClearChecker(2)
  checker.committed('a', 1)
  checker.committed('b', 1)
  return checker
}

/** Commits version 2 of `a` and clears it everywhere. */
function clearSecond(checker: ClearChecker, selects: (subject: string) => boolean = all): void {
  checker.committed('a', 2)
  checker.clearBegins(selects).holdsEverywhere()
}

t.test('an older value, asked for after the clear had answered, is a violation on each instance', (t) => {
  const checker = checkerOfTwo()
  clearSecond(checker)
  checker.readBegins(0, 'a').got(1, 'HIT')
  checker.readBegins(1, 'a').got(1, 'MISS')
  checker.readBegins(1, 'a').got(2, 'MISS')
  checker.readBegins(0, 'b').got(1, 'HIT')
  t.strictSame(checker.violations, [
    'instance 0 answered 1 of a (HIT) after a clear of 2',
    'instance 1 answered 1 of a (MISS) after a clear of 2',
  ])
  t.end()
})

t.test('who asked before the answer of the clear may get either, and is counted', (t) => {
  const checker = checkerOfTwo()
  const [early, earlyToo] = [checker.readBegins(0, 'a'), checker.readBegins(1, 'a')]
  clearSecond(checker)
  early.got(1, 'MISS')
  earlyToo.got(2, 'MISS')
  t.strictSame(checker.violations, [])
  t.match(checker, { reads: 2, overtaken: 2, overtakenAndOlder: 1, from: { MISS: 2 } })
  t.end()
})

t.test(
  'what was committed while the clear ran need not be shown, and what it does not select neither',
  (t) => {
    const checker = checkerOfTwo()
    const open = checker.clearBegins((subject) => subject === 'a')
    checker.committed('a', 2)
    checker.committed('b', 2)
    open.holdsEverywhere()
    checker.readBegins(0, 'a').got(1, 'HIT')
    checker.readBegins(0, 'b').got(1, 'HIT')
    t.strictSame(checker.violations, [])
    checker.readBegins(0, 'a').got(0, 'HIT')
    t.equal(checker.violations.length, 1, 'older than what was committed before')
    t.end()
  },
)

t.test('clears that answer in another order than they began bind by the newest', (t) => {
  const checker = checkerOfTwo()
  const first = checker.clearBegins(all)
  clearSecond(checker)
  first.holdsEverywhere()
  checker.readBegins(0, 'a').got(1, 'HIT')
  t.equal(checker.violations.length, 1)
  t.end()
})

t.test('a pending clear binds the instance that answered it, until it is known to hold everywhere', (t) => {
  const checker = checkerOfTwo()
  checker.cutOff(0)
  checker.committed('a', 2)
  const pending = checker.clearBegins(all)
  pending.holdsOn(0)
  checker.readBegins(1, 'a').got(1, 'HIT')
  t.strictSame(checker.violations, [])
  checker.readBegins(0, 'a').got(1, 'STALE')
  t.equal(checker.violations.length, 1, 'not even as STALE where it holds')
  pending.holdsEverywhere()
  checker.readBegins(1, 'a').got(1, 'HIT')
  t.equal(checker.violations.length, 2)
  t.end()
})

t.test('STALE excuses an instance while it is cut off, and nothing else does', (t) => {
  const checker = checkerOfTwo()
  checker.readBegins(0, 'a').got(1, 'HIT')
  checker.cutOff(0)
  clearSecond(checker)
  checker.readBegins(0, 'a').got(1, 'STALE')
  const across = checker.readBegins(0, 'a')
  t.match(checker, { excused: 1, violations: [] })
  checker.readBegins(0, 'a').got(1, 'HIT')
  checker.readBegins(1, 'a').got(1, 'STALE')
  t.equal(checker.violations.length, 2, 'no mark, or not cut off')
  checker.reaches(0)
  across.got(1, 'STALE')
  t.match(checker, { excused: 2 }, 'begun while it was cut off')
  checker.readBegins(0, 'a').got(1, 'STALE')
  t.equal(checker.violations.length, 3, 'cut off no more')
  t.end()
})

t.test('what was cleared before it was cut off is void for good', (t) => {
  const checker = checkerOfTwo()
  clearSecond(checker)
  checker.cutOff(0)
  checker.readBegins(0, 'a').got(1, 'STALE')
  t.equal(checker.violations.length, 1)
  t.end()
})

t.test('no version, and no answer, is no answer', (t) => {
  const checker = checkerOfTwo()
  checker.readBegins(0, 'a').got(Number.NaN, 'HIT')
  checker.readBegins(0, 'a').failed(503)
  t.equal(checker.violations.length, 2)
  checker.cutOff(0)
  checker.readBegins(0, 'a').failed(503)
  t.equal(checker.violations.length, 2, 'without the database there may be nothing to answer')
  checker.readBegins(0, 'a').failed(500)
  t.equal(checker.violations.length, 3)
  t.end()
})
