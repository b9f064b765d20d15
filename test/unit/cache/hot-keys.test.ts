// Which keys are asked for most: what is counted, how it fades, and that few keys are held whatever is asked for.
import t from 'tap'
import { HotKeys } from '../../../src/cache/hot-keys.ts'

const MINUTE_MS = 60_000
const HALF_LIFE_MS = 5 * MINUTE_MS

function world() {
  const clock = { ms: 0 }
  const hotKeys = new HotKeys(() => clock.ms)
  const ask = (key: string, times = 1): void =>
    void (hotKeys.track(key, { recipe: `/${key}` }).count += times)
  return { clock, hotKeys, ask }
}

t.test('the hottest come first, with what they are loaded by', (t) => {
  const { hotKeys, ask } = world()
  ask('cold')
  ask('hot', 30)
  ask('warm', 3)
  t.match(hotKeys.hottest(2), [
    { key: 'hot', recipe: '/hot' },
    { key: 'warm', recipe: '/warm' },
  ])
  t.equal(hotKeys.hottest(2).length, 2)
  t.end()
})

t.test('a steady stream is counted as so many a minute', (t) => {
  const { clock, hotKeys, ask } = world()
  for (let second = 0; second < 3600; second += 1) {
    clock.ms += 1000
    ask('steady', 2)
    hotKeys.hottest(1)
  }
  const [{ perMinute } = { perMinute: 0 }] = hotKeys.hottest(1)
  t.ok(Math.abs(perMinute - 120) < 1, `${perMinute} of 120 a minute`)
  t.end()
})

t.test(
  'what was asked for within the first minutes is counted as it was, however seldom somebody looks',
  (t) => {
    for (const looks of [1, 3, 30, 60]) {
      const { clock, hotKeys, ask } = world()
      for (let second = 1; second <= 60; second += 1) {
        clock.ms += 1000
        ask('a', 20)
        if (second % (60 / looks) === 0) hotKeys.hottest(1)
      }
      const [{ perMinute } = { perMinute: 0 }] = hotKeys.hottest(1)
      t.ok(Math.abs(perMinute - 1200) < 12, `${perMinute} of 1,200 a minute, after ${looks} looks`)
    }
    const { clock, hotKeys, ask } = world()
    ask('new', 30)
    clock.ms += 1000
    t.ok(Math.abs(hotKeys.hottest(1)[0]!.perMinute - 30) < 3, 'of a second, what came in it and no more')
    t.end()
  },
)

t.test('what is asked for no more counts half after five minutes', (t) => {
  const { clock, hotKeys, ask } = world()
  ask('once popular', 100)
  const [before] = hotKeys.hottest(1)
  clock.ms += HALF_LIFE_MS
  const [after] = hotKeys.hottest(1)
  t.ok(Math.abs(after!.steadyPerMinute / before!.steadyPerMinute - 0.5) < 1e-9)
  ask('popular now', 60)
  t.equal(hotKeys.hottest(1)[0]?.key, 'popular now')
  t.end()
})

t.test(
  'a million keys that are asked for once leave the hot ones in place, and no more than 2,000 in all',
  (t) => {
    const { clock, hotKeys, ask } = world()
    const hot = ['a', 'b', 'c']
    for (let index = 0; index < 1_000_000; index += 1) {
      if (index % 100 === 0) for (const key of hot) ask(key)
      ask(`scanned-${index}`)
      clock.ms += 0.1
    }
    t.strictSame(
      hotKeys.hottest(3).map(({ key }) => key),
      hot,
    )
    t.ok(hotKeys.hottest(Infinity).length <= 2000)
    t.end()
  },
)

t.test('rare answers, and those that nobody could load again, are not counted', (t) => {
  const { hotKeys } = world()
  hotKeys.track('rare', { recipe: '/rare', isRare: true }).count += 5
  hotKeys.track('by code', {}).count += 5
  hotKeys.of('unknown').count += 5
  t.strictSame(hotKeys.hottest(10), [])
  t.end()
})
