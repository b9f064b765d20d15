// What a hit spares: a load as they are when all is well, whatever an outage did to the others.
import t from 'tap'
import { Counters } from '../../../src/cache/counters.ts'
import { savingsOf } from '../../../src/stats/savings.ts'

/** A category with so many hits and loads, each of which brought an answer. */
function used(
  counters: Counters,
  category: string,
  { hits, loads, ms }: Record<'hits' | 'loads' | 'ms', number>,
) {
  const counted = counters.of(`${category}:x`)
  counted.memoryHits += hits
  counted.loads += loads
  counted.loaded += loads
  for (let load = 0; load < loads; load += 1) {
    counted.loadTimes.record(ms)
    counted.answeredTimes.record(ms)
  }
  return counted
}

t.test('nothing is spared by nothing', (t) => {
  t.strictSame(savingsOf(new Counters(['media']), 2), { loads_avoided: 0, seconds: 0, cost: 0 })
  t.end()
})

t.test('each hit spares a load of its own category', (t) => {
  const counters = new Counters(['media', 'score'])
  used(counters, 'media', { hits: 1000, loads: 10, ms: 4 })
  used(counters, 'score', { hits: 10, loads: 5, ms: 200 })
  t.strictSame(savingsOf(counters, 0.5), { loads_avoided: 1010, seconds: 6, cost: 505 })
  t.end()
})

t.test('loads that an outage held up or failed change nothing', (t) => {
  const counters = new Counters(['media'])
  const counted = used(counters, 'media', { hits: 7745, loads: 50, ms: 4 })
  const before = savingsOf(counters, null)
  for (let load = 0; load < 60; load += 1) {
    counted.loads++
    counted.loadFailures++
    counted.memoryStale++
    counted.loadTimes.record(5100)
  }
  t.strictSame(savingsOf(counters, null), before, 'those that timed out')
  used(counters, 'media', { hits: 0, loads: 20, ms: 3000 })
  t.strictSame(savingsOf(counters, null), before, 'those that were late')
  t.end()
})
