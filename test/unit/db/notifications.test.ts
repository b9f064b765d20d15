// When it is listened again after a connection is lost, by a clock that the test moves.
import type { Sql } from 'postgres'
import t from 'tap'
import { listenTo, type Handlers } from '../../../src/db/notifications.ts'
import { manualTime } from '../../support/manual-time.ts'

function world() {
  const time = manualTime()
  const state = { isAway: false, heard: 0, asked: [] as number[] }
  let handlers!: Handlers
  /** As a pool: a name by a call, a statement by a template. */
  const connection = (text: string | string[]): unknown => {
    if (typeof text === 'string') return text
    state.asked.push(time.clock())
    return state.isAway ? Promise.reject(new Error('away')) : Promise.resolve([])
  }
  const sql = Object.assign(connection, { end: () => Promise.resolve() }) as unknown as Sql
  const open = (given: Handlers): Sql => {
    handlers = given
    return sql
  }
  const notifications = listenTo(open, 'news', () => state.heard++, time)
  return { time, state, notifications, lose: () => handlers.onConnectionClosed() }
}

t.test(
  'a lost connection is made again, ever less often while that fails, and there may be news then',
  async (t) => {
    const { time, state, lose } = world()
    await time.advance(0)
    t.equal(state.heard, 1, 'before it listened there may have been something')
    state.isAway = true
    lose()
    await time.advance(250 + 500 + 1000 + 2000 + 2000)
    t.strictSame(state.asked, [0, 250, 750, 1750, 3750, 5750])
    t.equal(state.heard, 1)
    state.isAway = false
    await time.advance(2000)
    t.equal(state.heard, 2)
    lose()
    await time.advance(250)
    t.equal(state.heard, 3, 'soon again, as after the first loss')
  },
)

t.test('closed, it listens no more', async (t) => {
  const { time, state, notifications, lose } = world()
  await time.advance(0)
  lose()
  await notifications.close()
  lose()
  await time.advance(60_000)
  t.strictSame(state.asked, [0])
})
