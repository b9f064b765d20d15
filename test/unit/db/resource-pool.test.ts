// The line in front of the connections: in order, left without a trace, never longer than it has to be.
import t from 'tap'
import { ResourcePool } from '../../../src/db/resource-pool.ts'
import { manualTime } from '../../support/manual-time.ts'

const LONG_MS = 60_000
const time = manualTime()

t.test('each is used by one at a time, the one given back last first', (t) => {
  const pool = new ResourcePool(['a', 'b'], Infinity, time)
  const taken = [pool.take(), pool.take()]
  t.same(taken.sort(), ['a', 'b'])
  t.equal(pool.take(), undefined)
  t.equal(pool.taken, 2)
  pool.release('a')
  pool.release('b')
  t.equal(pool.taken, 0)
  t.equal(pool.take(), 'b')
  t.end()
})

t.test('they are handed on in the order of arrival', async (t) => {
  const pool = new ResourcePool(['a'], Infinity, time)
  pool.take()
  const served: number[] = []
  const waiting = [1, 2, 3].map(async (number) => {
    t.equal(await pool.next(LONG_MS), 'a')
    served.push(number)
    pool.release('a')
  })
  t.equal(pool.waiting, 3)
  pool.release('a')
  t.equal(pool.take(), undefined, 'nobody overtakes those who wait')
  await Promise.all(waiting)
  t.same(served, [1, 2, 3])
  t.equal(pool.take(), 'a', 'and it is free again')
})

t.test('who gives up leaves the line', async (t) => {
  const pool = new ResourcePool(['a'], Infinity, time)
  pool.take()
  t.equal(await pool.next(-5), undefined, 'no time left is nothing to wait for')
  const impatient = pool.next(1000)
  const patient = pool.next(LONG_MS)
  await time.advance(999)
  t.equal(pool.waiting, 2)
  await time.advance(1)
  t.equal(await impatient, undefined)
  t.equal(pool.waiting, 1)
  pool.release('a')
  t.equal(await patient, 'a', 'it went to the one behind')
  pool.release('a')
  t.equal(pool.take(), 'a')
})

t.test('a line that is full takes nobody', async (t) => {
  const pool = new ResourcePool(['a'], 1, time)
  pool.take()
  const first = pool.next(LONG_MS)
  t.equal(await pool.next(LONG_MS), undefined)
  pool.release('a')
  t.equal(await first, 'a')
})
