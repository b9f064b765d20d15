// The line in front of the connections: in order, left without a trace, never longer than it has to be.
import t from 'tap'
import { Semaphore } from '../../src/db/semaphore.ts'

const LONG_MS = 60_000

t.test('there are as many places as there are', async (t) => {
  const semaphore = new Semaphore(2)
  t.equal(await semaphore.acquire(0), true)
  t.equal(await semaphore.acquire(0), true)
  t.equal(await semaphore.acquire(0), false)
  t.equal(await semaphore.acquire(-5), false, 'no time left is no place either')
  semaphore.release()
  t.equal(await semaphore.acquire(0), true)
  t.equal(await semaphore.acquire(0), false)
})

t.test('places are handed on in the order of arrival', async (t) => {
  const semaphore = new Semaphore(1)
  await semaphore.acquire(0)
  const served: number[] = []
  const waiting = [1, 2, 3].map(async (number) => {
    t.equal(await semaphore.acquire(LONG_MS), true)
    served.push(number)
    semaphore.release()
  })
  semaphore.release()
  t.equal(await semaphore.acquire(0), false, 'nobody overtakes those who wait')
  await Promise.all(waiting)
  t.same(served, [1, 2, 3])
  t.equal(await semaphore.acquire(0), true, 'and the place is there again')
})

t.test('who gives up leaves the line', async (t) => {
  const semaphore = new Semaphore(1)
  await semaphore.acquire(0)
  const impatient = semaphore.acquire(1)
  const patient = semaphore.acquire(LONG_MS)
  t.equal(await impatient, false)
  semaphore.release()
  t.equal(await patient, true, 'the place went to the one behind')
  semaphore.release()
  t.equal(await semaphore.acquire(0), true)
})
