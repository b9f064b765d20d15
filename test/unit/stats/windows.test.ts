// Windows of time as differences of totals, durations as counts by size: the arithmetic, without a clock.
import t from 'tap'
import { Counters } from '../../../src/cache/counters.ts'
import { Durations, durationsSince, LOAD_BOUNDS_MS, quantile } from '../../../src/cache/durations.ts'
import { difference, takeTotals, together, type Totals } from '../../../src/stats/totals.ts'
import { NOTE_MS, Windows } from '../../../src/stats/windows.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Counters that are noted as an instance notes them: at first use, and every 5 s until nothing has come in between. */
function notebook() {
  const counters = new Counters(['media'])
  const windows = new Windows()
  const take = (): Totals => takeTotals(counters, 0, 0)
  const hits = (window: '1m' | '5m' | '1h', at: number): number =>
    together(difference(take(), windows.beginning(window, at))).counts.memoryHits
  return {
    /** One hit a second, from one moment to before another. */
    use: (from: number, until: number) => {
      windows.note(from, take())
      for (let at = from; at < until; at += SECOND) {
        if (at > from && (at - from) % NOTE_MS === 0) windows.note(at, take())
        counters.of('media:x').memoryHits++
      }
      const rest = NOTE_MS - ((until - from) % NOTE_MS)
      windows.note(until + rest, take())
    },
    hits,
  }
}

t.test('a window has what came in it, to within 5 seconds, of an hour to within a minute', (t) => {
  const { use, hits } = notebook()
  use(0, 3 * HOUR)
  for (const [window, ms, slack] of [
    ['1m', MINUTE, 5],
    ['5m', 5 * MINUTE, 5],
    ['1h', HOUR, 60],
  ] as const) {
    const found = hits(window, 3 * HOUR)
    t.ok(found >= ms / SECOND && found <= ms / SECOND + slack, `${found} in ${window}`)
  }
  t.end()
})

t.test('before there was a window, all that there was', (t) => {
  const { use, hits } = notebook()
  use(0, 30 * SECOND)
  t.equal(hits('1m', 31 * SECOND), 30)
  t.equal(hits('1h', 31 * SECOND), 30)
  t.end()
})

t.test('after a pause, what was before it is in no window', (t) => {
  const { use, hits } = notebook()
  use(0, 37 * SECOND)
  t.strictSame([hits('1m', 3 * HOUR), hits('5m', 3 * HOUR), hits('1h', 3 * HOUR)], [0, 0, 0])
  use(3 * HOUR, 3 * HOUR + 10 * SECOND)
  t.strictSame([hits('1m', 3 * HOUR + 10 * SECOND), hits('1h', 3 * HOUR + 10 * SECOND)], [10, 10])
  t.equal(hits('1m', 3 * HOUR + 2 * MINUTE), 0)
  t.end()
})

t.test('quantiles lie where they should, within a bucket, and between durations that there were', (t) => {
  const durations = new Durations(LOAD_BOUNDS_MS)
  t.equal(quantile(durations, 0.5), null)
  for (let ms = 1; ms <= 100; ms++) durations.record(ms)
  const [median, last] = [0.5, 0.99].map((share) => quantile(durations, share)!)
  t.ok(median! > 25 && median! <= 50, `${median} ms`)
  t.ok(last! > 75 && last! <= 100, `${last} ms`)
  t.equal(durations.sumMs, 5050)
  t.end()
})

t.test('one duration is given as it was, and none as the bound of a bucket', (t) => {
  for (const ms of [0, 3.2, 5, 612.5, 3_600_000]) {
    const alone = new Durations(LOAD_BOUNDS_MS)
    alone.record(ms)
    t.strictSame([quantile(alone, 0.5), quantile(alone, 0.99)], [ms, ms])
    const before = { counts: [...alone.counts], sums: [...alone.sums] }
    alone.record(4)
    t.equal(quantile(durationsSince(alone, before), 0.99), 4, 'of a window, too')
  }
  const two = new Durations(LOAD_BOUNDS_MS)
  two.record(4)
  two.record(900)
  t.strictSame([quantile(two, 0.5), quantile(two, 0.99)], [4, 900])
  t.end()
})

t.test('keys add no category', (t) => {
  const counters = new Counters(['media'])
  for (const key of ['media:a', 'stray:a', 'else:b', 'none']) counters.of(key).loaded++
  t.strictSame(
    counters.byCategory().map(([category, { loaded }]) => [category, loaded]),
    [
      ['media', 1],
      ['other', 3],
    ],
  )
  t.equal(counters.total().misses, 4)
  t.end()
})
