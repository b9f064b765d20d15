// When the dashboard's samples are taken, by a clock that the test moves: at an even pace while anybody watches, and never otherwise.
import { PassThrough, Writable } from 'node:stream'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import { Broadcast } from '../../../src/routes/dashboard/broadcast.ts'
import { pause } from '../../../src/time/time.ts'
import { manualTime } from '../../support/manual-time.ts'

const EVERY_MS = 2000

/** @param tookMs what each sample takes. */
function world({ tookMs = 0, keep = 100 } = {}) {
  const time = manualTime()
  const taken: number[] = []
  const state = { dropped: 0 }
  const broadcast = new Broadcast<{ at: number }, number>({
    take: async () => {
      const at = time.clock()
      taken.push(at)
      if (tookMs > 0) await pause(time, tookMs)
      return { at }
    },
    pointOf: ({ at }) => at,
    everyMs: EVERY_MS,
    keep,
    maxClients: 5,
    maxBacklogBytes: 1000,
    onDropped: () => state.dropped++,
    onFailure: () => undefined,
    time,
  })
  /** Watches; what it is sent so far, and its leaving. */
  const watch = () => {
    const response = new PassThrough()
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    broadcast.add(response as unknown as ServerResponse)
    const leave = (): void => void response.destroy()
    return { samples: () => [...text.matchAll(/event: sample/g)].length, text: () => text, leave }
  }
  return { time, state, taken, broadcast, watch }
}

t.test(
  'the first at once, then one every two seconds from one beginning to the next, for all who watch',
  async (t) => {
    const { time, taken, watch } = world({ tookMs: 300 })
    const first = watch()
    await time.advance(5000)
    const second = watch()
    await time.advance(5000)
    t.strictSame(taken, [0, 2000, 4000, 6000, 8000, 10_000])
    t.strictSame([first.samples(), second.samples()], [5, 3], 'who comes later has the newest at once')
    t.match(
      second.text(),
      /^retry: 2000\n\nevent: history\ndata: \{"everyMs":2000,"points":\[0,2000,4000\]\}\n\n/,
    )
  },
)

t.test(
  'one that takes longer than that is followed by the next one at once, and never two at a time',
  async (t) => {
    const { time, taken, watch } = world({ tookMs: 3000 })
    watch()
    await time.advance(9500)
    t.strictSame(taken, [0, 3000, 6000, 9000])
  },
)

t.test('nobody watches: nothing is sampled, and the next one who comes has a sample at once', async (t) => {
  const { time, taken, watch, broadcast } = world()
  const first = watch()
  await time.advance(3000)
  first.leave()
  await time.advance(3_600_000)
  t.strictSame([taken, broadcast.clients], [[0, 2000], 0])
  const next = watch()
  await time.advance(0)
  t.equal(next.samples(), 1)
  t.match(next.text(), /"points":\[0,2000\]/)
})

t.test('who leaves while a sample is taken leaves nothing running', async (t) => {
  const { time, taken, watch } = world({ tookMs: 300 })
  const only = watch()
  await time.advance(100)
  only.leave()
  await time.advance(3_600_000)
  t.strictSame(taken, [0])
  t.equal(time.isQuiet, true)
})

t.test('what is kept for later comers is bounded', async (t) => {
  const { time, watch } = world({ keep: 5 })
  watch()
  await time.advance(EVERY_MS * 20)
  const later = watch()
  await time.advance(0)
  t.match(later.text(), /"points":\[32000,34000,36000,38000,40000\]/)
})

t.test('who does not read is cut off, once, however long its connection takes to close', async (t) => {
  const { time, state, broadcast, watch } = world()
  const reader = watch()
  const silent = new Writable({ write: () => undefined })
  silent.destroy = () => silent
  broadcast.add(silent as unknown as ServerResponse)
  silent.write('x'.repeat(2000))
  await time.advance(3 * EVERY_MS)
  t.strictSame([state.dropped, broadcast.clients], [1, 1])
  t.equal(reader.samples(), 4, 'the others go on')
})

t.test('closed, nothing is sampled any more', async (t) => {
  const { time, taken, watch, broadcast } = world()
  watch()
  await time.advance(1000)
  broadcast.close()
  watch()
  await time.advance(60_000)
  t.strictSame(taken, [0])
})
