// How many ingestions run and how long, by a clock that the test moves.
import t from 'tap'
import type { Database } from '../../../src/db/client.ts'
import { Running } from '../../../src/routes/ingest/running.ts'
import { gate } from '../../support/gate.ts'
import { manualTime } from '../../support/manual-time.ts'

const LIMIT_MS = 3_600_000

/** Ingestions that end when the test says so, or with their connection, as that of postgres.js does. */
function world() {
  const time = manualTime()
  const ends: number[] = []
  const work = gate<string>()
  const running = new Running(
    () => {
      const end = (): Promise<void> => {
        ends.push(time.clock())
        work.fail(new Error('the connection was ended'))
        return Promise.resolve()
      }
      return { end } as unknown as ReturnType<Database['connect']>
    },
    LIMIT_MS,
    time,
  )
  return { time, ends, work, running }
}

t.test('one that takes too long loses its connection, and not before', async (t) => {
  const { time, ends, work, running } = world()
  const ran = running.run(() => work.promise).catch(String)
  await time.advance(LIMIT_MS - 1)
  t.strictSame(ends, [])
  await time.advance(1)
  t.equal(ends[0], LIMIT_MS)
  t.equal(await ran, 'Error: the connection was ended')
})

t.test('one that ends in time is not ended again at the limit', async (t) => {
  const { time, ends, work, running } = world()
  const ran = running.run(() => work.promise)
  work.open('done')
  t.equal(await ran, 'done')
  await time.advance(LIMIT_MS * 2)
  t.strictSame(ends, [0], 'its connection, once')
})

t.test('two at a time', async (t) => {
  const { work, running } = world()
  const both = [1, 2].map(() => running.run(() => work.promise))
  await t.rejects(
    running.run(() => work.promise),
    { code: 'ingestion_busy', retryAfter: 10 },
  )
  work.open('done')
  await Promise.all(both)
  t.equal(await running.run(() => Promise.resolve('the next')), 'the next')
})
