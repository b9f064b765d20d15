// Calls at a time, the line for one, its end, and what becomes of both at a stop.
import t from 'tap'
import { Slots } from '../../../src/analyses/slots.ts'

function gate() {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

t.test('so many at a time, the others in the order in which they came', async (t) => {
  const slots = new Slots(2)
  const gates = Array.from({ length: 4 }, gate)
  const begun: number[] = []
  const all = gates.map(({ opened }, index) =>
    slots.run(async () => {
      begun.push(index)
      await opened
      return index
    }),
  )
  await Promise.resolve()
  t.strictSame([begun, slots.usage], [[0, 1], { taken: 2, waiting: 2 }])
  gates[1]?.open()
  t.equal(await all[1], 1)
  t.strictSame(begun, [0, 1, 2])
  for (const { open } of gates) open()
  t.strictSame(await Promise.all(all), [0, 1, 2, 3])
  t.strictSame(slots.usage, { taken: 0, waiting: 0 })
})

t.test('a failure gives the place back', async (t) => {
  const slots = new Slots(1)
  await t.rejects(slots.run(() => Promise.reject(new Error('broken'))))
  t.equal(await slots.run(() => Promise.resolve('next')), 'next')
})

t.test('the line has an end, and a stop ends it', async (t) => {
  const slots = new Slots(1)
  const { opened, open } = gate()
  const running = slots.run(() => opened)
  const waiting = Array.from({ length: 100 }, () => slots.run(() => Promise.resolve()))
  await t.rejects(
    slots.run(() => Promise.resolve()),
    { code: 'analyses_busy', retryAfter: 5 },
  )
  slots.close()
  for (const outcome of await Promise.allSettled(waiting))
    t.match(outcome, { status: 'rejected', reason: { code: 'analyses_busy' } })
  open()
  await running
  await t.rejects(
    slots.run(() => Promise.resolve()),
    { code: 'analyses_busy' },
  )
})
