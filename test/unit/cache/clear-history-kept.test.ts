// What the history keeps of readings that overlap, and what a load has to have seen.
import t from 'tap'
import { ClearHistory } from '../../../src/cache/clear-history.ts'
import type { Clear } from '../../../src/cache/clear-log.ts'

const clear = (seq: number, given: Partial<Clear> = {}): Clear => ({
  seq,
  kind: 'key',
  selector: 'a',
  soft: false,
  ...given,
})

t.test('a clear that two readings list counts once, in its place', (t) => {
  const history = new ClearHistory()
  history.apply({
    epoch: 'e',
    seq: 3,
    floor: 0,
    clears: [clear(1), clear(2, { soft: true }), clear(3, { selector: 'b' })],
  })
  const { version } = history
  // Of a slower one, read from further back.
  history.apply({ epoch: 'e', seq: 2, floor: 0, clears: [clear(1), clear(2, { soft: true })] })
  t.equal(history.position, 3)
  t.equal(history.version, version, 'nothing is judged anew for it')
  t.equal(history.needed('a'), 2)
  t.equal(history.judge('a', { epoch: 'e', position: 0 }), 'dead')
  t.equal(history.judge('a', { epoch: 'e', position: 1 }), 'expired')
  t.equal(history.judge('a', { epoch: 'e', position: 2 }), 'valid')
  history.apply({
    epoch: 'e',
    seq: 4,
    floor: 0,
    clears: [clear(2, { soft: true }), clear(3, { selector: 'b' }), clear(4)],
  })
  t.equal(history.needed('b'), 3)
  t.equal(history.judge('a', { epoch: 'e', position: 3 }), 'dead')
  t.end()
})

t.test('the newest clear of a key is what a load of it has to have seen; of another, the floor', (t) => {
  const history = new ClearHistory()
  history.apply({ epoch: 'e', seq: 9, floor: 4, clears: [clear(5), clear(6, { selector: 'b' }), clear(8)] })
  t.strictSame([history.needed('a'), history.needed('b'), history.needed('c')], [8, 6, 4])
  t.equal(history.needed('c', ['source:x']), 4)
  history.apply({ epoch: 'e', seq: 10, floor: 4, clears: [clear(10, { kind: 'tag', selector: 'source:x' })] })
  t.equal(history.needed('c', ['source:x']), 10)
  t.equal(history.needed('c', ['source:y']), 4)
  t.end()
})

t.test('past a thousand clears the oldest are given up, and what was loaded before them', (t) => {
  const history = new ClearHistory()
  const clears = Array.from({ length: 1001 }, (_, index) =>
    clear(index + 1, { selector: `key:${index + 1}` }),
  )
  history.apply({ epoch: 'e', seq: 1000, floor: 0, clears: clears.slice(0, 1000) })
  t.equal(history.judge('other', { epoch: 'e', position: 0 }), 'valid')
  history.apply({ epoch: 'e', seq: 1001, floor: 0, clears: clears.slice(1000) })
  t.equal(history.judge('other', { epoch: 'e', position: 0 }), 'dead')
  t.equal(history.judge('other', { epoch: 'e', position: 1 }), 'valid')
  t.equal(history.judge('key:2', { epoch: 'e', position: 1 }), 'dead')
  t.end()
})
