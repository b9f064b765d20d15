// The judgement of entries by the clears since their load began.
import fc from 'fast-check'
import t from 'tap'
import { ClearHistory, type Verdict } from '../../../src/cache/clear-history.ts'
import type { Clear, LogReading } from '../../../src/cache/index.ts'

const EPOCH = 'log-a'
const SEED = 20_251_002

function clear(seq: number, selector: string, soft = false): Clear {
  return { seq, kind: 'pattern', selector, soft }
}

function reading(clears: Clear[], rest: Partial<LogReading> = {}): LogReading {
  return { epoch: EPOCH, seq: clears.at(-1)?.seq ?? 0, clears, floor: 0, ...rest }
}

/** A history that stands at the given position, of which no clear is known. */
function historyAt(position: number): ClearHistory {
  const history = new ClearHistory()
  history.apply(reading([], { seq: position }))
  return history
}

function at(position: number, epoch = EPOCH) {
  return { epoch, position }
}

t.test('what a clear selects is dead when loaded before it, and valid when loaded since', (t) => {
  const history = historyAt(4)
  history.apply(reading([clear(5, 'media:*')]))
  t.equal(history.judge('media:list:limit=20', at(4)), 'dead')
  t.equal(history.judge('media:list:limit=20', at(5)), 'valid')
  t.equal(history.judge('volume:list:limit=20', at(4)), 'valid', 'other keys are left alone')
  t.end()
})

t.test('a key is compared whole: glob characters in it mean nothing', (t) => {
  const history = historyAt(0)
  history.apply(reading([{ seq: 1, kind: 'key', selector: 'a*', soft: false }]))
  t.equal(history.judge('a*', at(0)), 'dead')
  t.equal(history.judge('ab', at(0)), 'valid')
  t.end()
})

t.test('a soft clear expires, a hard one on either side of it kills', (t) => {
  const history = historyAt(0)
  history.apply(reading([clear(1, 'a*'), clear(2, 'a*', true), clear(3, 'ab', true)]))
  t.equal(history.judge('a', at(0)), 'dead', 'the hard one behind the soft one counts, too')
  t.equal(history.judge('a', at(1)), 'expired')
  t.equal(history.judge('ab', at(2)), 'expired')
  t.equal(history.judge('a', at(2)), 'valid')
  history.apply(reading([clear(4, 'ab')]))
  t.equal(history.judge('ab', at(1)), 'dead')
  t.end()
})

t.test('what was found valid is judged by the clears since then alone, known or not', (t) => {
  const history = historyAt(0)
  history.apply(reading([clear(1, 'b'), clear(2, 'b')]))
  const found = { ...at(0), validThrough: 2 }
  history.apply(reading(Array.from({ length: 1000 }, (_, index) => clear(index + 3, 'c'))))
  t.equal(history.judge('a', at(0)), 'dead')
  t.equal(history.judge('a', found), 'valid')
  t.equal(history.judge('c', found), 'dead')
  history.apply(reading([clear(1003, 'c')]))
  t.equal(history.judge('a', found), 'dead')
  t.equal(history.judge('a', { ...found, epoch: 'log-b' }), 'dead')
  t.end()
})

t.test('of more than 1,000 clears the oldest are given up with all that was loaded before them', (t) => {
  const history = historyAt(0)
  history.apply(reading(Array.from({ length: 1000 }, (_, index) => clear(index + 1, 'b'))))
  t.equal(history.judge('a', at(0)), 'valid', 'a thousand are known one by one')
  history.apply(reading([clear(1001, 'b')]))
  t.equal(history.judge('a', at(0)), 'dead')
  t.equal(history.judge('a', at(1)), 'valid', 'loaded after the clear that was given up')
  t.equal(history.judge('b', at(1)), 'dead', 'the other clears still count')
  t.equal(history.judge('b', at(1000)), 'dead')
  t.equal(history.judge('b', at(1001)), 'valid')
  t.end()
})

t.test('below the floor of a reading everything is dead, that of the first reading too', (t) => {
  const history = new ClearHistory()
  history.apply(reading([clear(8, 'b')], { floor: 7 }))
  t.equal(history.judge('a', at(6)), 'dead')
  t.equal(history.judge('a', at(7)), 'valid')
  history.apply(reading([clear(9, 'c')], { floor: 5 }))
  t.equal(history.judge('a', at(6)), 'dead', 'a floor does not sink')
  t.end()
})

t.test('another epoch is another log: nothing loaded before is trusted, from either', (t) => {
  const history = historyAt(0)
  history.apply(reading([clear(10, 'b')]))
  t.equal(history.judge('a', at(10)), 'valid')
  // Asked for what came after 10: of the clears up to there this log says nothing.
  history.apply(reading([clear(11, 'b'), clear(12, 'b')], { epoch: 'log-b' }))
  t.equal(history.judge('a', at(12)), 'dead', 'of the old log')
  t.equal(history.judge('a', at(11, 'log-b')), 'dead', 'of the new one, cleared by who knows what')
  t.equal(history.judge('a', at(12, 'log-b')), 'valid')
  t.match(history.moment, { epoch: 'log-b', position: 12 })
  history.apply(reading([], { epoch: 'log-c', seq: 3 }))
  t.match(history.moment, { epoch: 'log-c', position: 3 }, 'positions begin anew')
  t.equal(history.judge('a', at(3, 'log-c')), 'valid')
  t.equal(history.judge('a', at(12, 'log-b')), 'dead')
  t.end()
})

t.test('the first reading starts an epoch, it does not change one', (t) => {
  const history = new ClearHistory()
  t.equal(history.judge('a', at(0)), 'dead', 'before any reading nothing is trusted')
  history.apply(reading([clear(1, 'b'), clear(2, 'c')]))
  t.equal(history.judge('a', at(0)), 'valid')
  t.end()
})

t.test('before any reading no load need have seen anything', (t) => {
  t.equal(new ClearHistory().needed('a'), 0)
  t.end()
})

t.test('a clear that two readings tell of is kept once', (t) => {
  const history = historyAt(0)
  history.apply(reading(Array.from({ length: 999 }, (_, index) => clear(index + 1, 'b'))))
  history.apply(reading([clear(999, 'b'), clear(1000, 'b')]))
  t.equal(history.judge('a', at(0)), 'valid', 'these are a thousand')
  t.end()
})

t.test(
  'a new version comes of another log, a newer position or a higher floor, each alone, and of nothing else',
  (t) => {
    const history = new ClearHistory()
    let changes = 0
    history.onChange = () => changes++
    const versions = [
      reading([], { seq: 5, floor: 5 }),
      reading([], { seq: 5, floor: 5, epoch: 'log-b' }),
      reading([], { seq: 6, floor: 5, epoch: 'log-b' }),
      reading([], { seq: 6, floor: 6, epoch: 'log-b' }),
      reading([], { seq: 6, floor: 6, epoch: 'log-b' }),
      reading([], { seq: 4, floor: 3, epoch: 'log-b' }),
    ].map((news) => {
      history.apply(news)
      return history.version
    })
    t.strictSame(versions, [1, 2, 3, 4, 4, 4])
    t.equal(changes, 4)
    t.end()
  },
)

t.test('a load has to have seen the floor where the newest clear of its key lies below', (t) => {
  const history = historyAt(0)
  history.apply(reading([clear(3, 'a'), clear(9, 'b')]))
  t.strictSame([history.needed('a'), history.needed('b'), history.needed('c')], [3, 9, 0])
  history.apply(reading([], { seq: 9, floor: 7 }))
  t.strictSame([history.needed('a'), history.needed('b'), history.needed('c')], [7, 9, 7])
  t.end()
})

t.test('a key is owed a clear by any one of several', (t) => {
  const history = historyAt(5)
  history.owe({ kind: 'key', selector: 'a' })
  history.owe({ kind: 'key', selector: 'b' })
  t.strictSame([history.owes('a'), history.owes('b'), history.owes('c')], [true, true, false])
  t.end()
})

t.test('an owed clear kills whatever it selects, however young, until it is settled', (t) => {
  const history = historyAt(5)
  const settle = history.owe({ kind: 'pattern', selector: 'a*' })
  t.ok(history.owes('ab'))
  t.notOk(history.owes('b'))
  t.equal(history.judge('ab', at(5)), 'dead')
  t.equal(history.judge('b', at(5)), 'valid')
  t.equal(history.judge('ab', history.moment), 'valid', 'a load that begins now has seen it')
  const before = history.moment
  const settleSecond = history.owe({ kind: 'key', selector: 'ab' })
  t.equal(history.judge('ab', before), 'dead', 'but not the one after it')
  // Settling means that the log has it: the position does from then on what the debt did.
  history.apply(reading([clear(6, 'a*')]))
  settle()
  t.equal(history.judge('ac', at(5)), 'dead')
  t.equal(history.judge('ac', at(6)), 'valid')
  t.equal(history.judge('ab', at(6)), 'dead', 'the other one is still owed')
  settleSecond()
  t.equal(history.judge('ab', at(6)), 'valid')
  t.end()
})

t.test('readings of concurrent clears overlap and come in any order', (t) => {
  const history = historyAt(5)
  history.apply(reading([clear(6, 'a'), clear(7, 'b', true)]))
  history.apply(reading([clear(6, 'a')]))
  t.equal(history.position, 7, 'the position never goes back')
  t.equal(history.judge('a', at(6)), 'valid')
  t.equal(history.judge('b', at(6)), 'expired')
  history.apply(reading([clear(7, 'b', true), clear(8, 'c')]))
  t.equal(history.judge('c', at(7)), 'dead')
  t.end()
})

t.test('the version changes with everything that can change a verdict', (t) => {
  const history = historyAt(0)
  const versions = [history.version]
  history.apply(reading([clear(1, 'a')]))
  versions.push(history.version)
  const settle = history.owe({ kind: 'key', selector: 'a' })
  versions.push(history.version)
  settle()
  versions.push(history.version)
  t.equal(new Set(versions).size, versions.length)
  t.end()
})

t.test('a selector that this release cannot read selects everything', (t) => {
  const history = historyAt(0)
  history.apply(reading([clear(1, 'x'.repeat(65))]))
  t.equal(history.judge('a', at(0)), 'dead')
  t.equal(history.judge('a', at(1)), 'valid')
  t.end()
})

/** What each pattern selects, written down rather than computed. */
const PATTERNS: Record<string, string[]> = {
  '*': ['a', 'a1', 'b', 'b1'],
  'a*': ['a', 'a1'],
  '?1': ['a1', 'b1'],
  b: ['b'],
  nothing: [],
}
const KEYS = PATTERNS['*']!
const selection = fc.constantFrom(...Object.keys(PATTERNS))

type Step =
  | { kind: 'append'; selector: string; soft: boolean }
  /** A reading of the log as it stands, from `back` positions before the newest, applied after `delay` further steps. */
  | { kind: 'read'; back: number; delay: number; floor: number }
  | { kind: 'owe'; selector: string }
  | { kind: 'settle'; which: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('append'), selector: selection, soft: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('read'),
      back: fc.nat(4),
      delay: fc.nat(3),
      floor: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(6)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('owe'), selector: selection }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle'), which: fc.nat(3) }) },
)

t.test('agrees with a model that asks every clear about every entry', (t) => {
  const seen: Record<Verdict, number> = { valid: 0, expired: 0, dead: 0 }
  const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const history = historyAt(0)
    const log: Clear[] = []
    const inFlight: { due: number; reading: LogReading }[] = []
    const owed: { selector: string; number: number; settle: () => void }[] = []
    let owedSoFar = 0
    let position = 0
    let floor = 0
    steps.forEach((step, now) => {
      if (step.kind === 'append') log.push(clear(log.length + 1, step.selector, step.soft))
      if (step.kind === 'read') {
        // As the cache asks: never from beyond what it had applied.
        const since = Math.max(0, position - step.back)
        const low = Math.min(step.floor, log.length)
        const clears = log.filter(({ seq }) => seq > Math.max(since, low))
        inFlight.push({ due: now + step.delay, reading: reading(clears, { seq: log.length, floor: low }) })
      }
      if (step.kind === 'owe') {
        const settle = history.owe({ kind: 'pattern', selector: step.selector })
        owed.push({ selector: step.selector, number: ++owedSoFar, settle })
      }
      if (step.kind === 'settle') {
        owed.splice(step.which, 1).forEach(({ settle }) => settle())
      }
      for (const { reading } of inFlight.filter(({ due }) => due === now)) {
        history.apply(reading)
        position = Math.max(position, reading.seq)
        floor = Math.max(floor, reading.floor)
      }
      for (const key of KEYS) {
        for (let began = 0; began <= position; began++) {
          for (const owedSeen of [0, owedSoFar]) {
            const since = log.filter(({ seq }) => seq > began && seq <= position)
            const matching = since.filter(({ selector }) => PATTERNS[selector]!.includes(key))
            const isOwed = owed.some(
              ({ selector, number }) => number > owedSeen && PATTERNS[selector]!.includes(key),
            )
            const expected =
              began < floor || isOwed || matching.some(({ soft }) => !soft)
                ? 'dead'
                : matching.length > 0
                  ? 'expired'
                  : 'valid'
            const verdict = history.judge(key, { epoch: EPOCH, position: began, owedSeen })
            seen[verdict]++
            if (verdict !== expected) throw new Error(`${key} of ${began}: ${verdict}, not ${expected}`)
          }
        }
      }
    })
  })
  fc.assert(property, { seed: SEED, numRuns: 400 })
  for (const [verdict, count] of Object.entries(seen)) t.ok(count > 1000, `${verdict}: ${count}`)
  t.end()
})
