// When totals are noted and written, by a clock that the test moves: while something is counted, until nothing is, and never otherwise.
import t from 'tap'
import { Counters } from '../../../src/cache/counters.ts'
import type { Database } from '../../../src/db/client.ts'
import { Fleet } from '../../../src/stats/fleet.ts'
import { Ledger } from '../../../src/stats/ledger.ts'
import { difference, takeTotals } from '../../../src/stats/totals.ts'
import { NOTE_MS } from '../../../src/stats/windows.ts'
import { manualTime } from '../../support/manual-time.ts'

const HOUR_MS = 3_600_000
const LAST_WORD_MS = 500

function world() {
  const time = manualTime()
  const state = { hangs: false, statements: [] as number[] }
  const rows = (): Promise<never[]> => {
    state.statements.push(time.clock())
    return state.hangs ? new Promise(() => undefined) : Promise.resolve([])
  }
  const counters = new Counters(['media'])
  let requests = 0
  const take = () => takeTotals(counters, requests, 0)
  const ledger = new Ledger(new Fleet({ rows } as unknown as Database, time), take, time)
  /** A request that is a hit. */
  const ask = (): void => {
    ledger.use()
    requests++
    counters.of('media:x').memoryHits++
  }
  const inWindow = (window: '1m' | '5m' | '1h') => difference(take(), ledger.beginning(window)).requests
  return { time, state, ledger, ask, inWindow }
}

t.test(
  'what was counted is written five seconds later; an instance that nobody asks anything writes nothing',
  async (t) => {
    const { time, state, ask } = world()
    await time.advance(HOUR_MS)
    t.strictSame(state.statements, [])
    ask()
    await time.advance(NOTE_MS - 1)
    t.strictSame(state.statements, [])
    await time.advance(1)
    const written = state.statements.length
    t.ok(written > 0)
    await time.advance(HOUR_MS)
    t.equal(state.statements.length, written, 'nothing has come since')
    t.equal(time.isQuiet, true, 'and no timer runs')
    ask()
    await time.advance(NOTE_MS)
    t.equal(state.statements.length, written + 1)
  },
)

t.test('windows end now and begin where they say', async (t) => {
  const { time, ask, inWindow } = world()
  for (let second = 0; second < 120; second++) {
    ask()
    await time.advance(1000)
  }
  t.ok(inWindow('1m') >= 60 && inWindow('1m') <= 65, `${inWindow('1m')} in a minute`)
  t.strictSame([inWindow('5m'), inWindow('1h')], [120, 120])
  await time.advance(60_000)
  t.strictSame([inWindow('1m'), inWindow('5m')], [0, 120])
  await time.advance(HOUR_MS)
  t.equal(inWindow('1h'), 0)
})

t.test('a stop writes what was counted, and waits for that no longer than it may', async (t) => {
  for (const hangs of [false, true]) {
    const { time, state, ledger, ask } = world()
    state.hangs = hangs
    ask()
    let isClosed = false as boolean
    void ledger.close().then(() => (isClosed = true))
    await time.advance(LAST_WORD_MS - 1)
    t.strictSame([state.statements.length > 0, isClosed], [true, !hangs])
    await time.advance(1)
    t.equal(isClosed, true)
    await time.advance(HOUR_MS)
    t.ok(
      state.statements.every((at) => at < LAST_WORD_MS),
      'and nothing later',
    )
  }
})
