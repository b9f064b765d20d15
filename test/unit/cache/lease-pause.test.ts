// Where the log does not answer, requests ask it again after a pause, and not each of them.
import t from 'tap'
import { settled, World } from './engine.ts'

t.test('after a failure nobody asks the log for a while', async (t) => {
  const world = new World()
  const log = world.clearLog()
  let isAway = false
  let asked = 0
  const read: typeof log.read = (...about) => {
    asked++
    return isAway ? Promise.reject(new Error('away')) : log.read(...about)
  }
  const cache = await world.open({ redis: null, log: { ...log, read } })
  isAway = true
  world.sleep(1000)
  asked = 0
  const ask = async (): Promise<number> => {
    for (let times = 0; times < 10; times++) {
      cache.hit('a')
      await settled()
    }
    return asked
  }
  t.equal(await ask(), 1)
  world.sleep(249)
  t.equal(await ask(), 1)
  world.sleep(1)
  t.equal(await ask(), 2)
})
