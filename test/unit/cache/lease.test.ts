// The lease and the confirmation of clears, on a log that answers when and what the test says, by a clock that the test moves.
import t from 'tap'
import { ClearHistory } from '../../../src/cache/clear-history.ts'
import type { Appended, ClearLog, LogReading, Member, Reader } from '../../../src/cache/index.ts'
import { confirmation } from '../../../src/cache/confirmation.ts'
import { Lease, LEASE_MS } from '../../../src/cache/lease.ts'
import { manualTime, type ManualTime } from '../../support/manual-time.ts'
import { gate } from '../../support/gate.ts'

const NOTHING: LogReading = { epoch: 'e', seq: 0, clears: [], floor: 0 }
const CLEAR = { kind: 'key', selector: 'a', soft: false } as const

interface Asked extends Reader {
  since: number
}

/** Answers each read with what `answer` gives, and notes it. */
function world(answer: (asked: Asked) => Promise<LogReading | null>) {
  const time = manualTime()
  const asked: Asked[] = []
  const left: string[] = []
  const log: ClearLog = {
    read: (since, _keep, reader) => {
      asked.push({ ...reader, since })
      return answer({ ...reader, since })
    },
    append: () => Promise.reject(new Error('not asked for')),
    unacknowledged: () => Promise.resolve([]),
    expire: () => Promise.resolve(),
    complete: () => Promise.resolve(),
    leave: (id) => Promise.resolve(void left.push(id)),
  }
  const history = new ClearHistory()
  const lease = new Lease({
    log,
    history,
    id: 'me',
    name: 'me',
    keepSeconds: 60,
    time,
  })
  return { time, asked, left, history, lease }
}

t.test('it lasts from the asking, not from the answer', async (t) => {
  const answer = gate<LogReading>()
  const { time, lease } = world(() => answer.promise)
  t.equal(lease.isValid, false)
  const renewal = lease.renew()
  await time.advance(400)
  answer.open(NOTHING)
  await renewal
  await time.advance(LEASE_MS - 400 - 1)
  t.equal(lease.isValid, true)
  await time.advance(1)
  t.equal(lease.isValid, false)
})

t.test('requests keep it alive, in the background and not each of them', async (t) => {
  const { time, lease, asked } = world(() => Promise.resolve(NOTHING))
  await lease.renew()
  for (let ms = 0; ms < 250; ms += 50) {
    t.equal(lease.touch(), true)
    t.equal(asked.length, 1)
    await time.advance(50)
  }
  for (let times = 0; times < 5; times += 1) t.equal(lease.touch(), true)
  t.equal(asked.length, 2, 'one for all')
  await lease.acquire()
  await time.advance(LEASE_MS - 50)
  t.equal(lease.isValid, true)
})

t.test('clears that it reads are applied before it counts, and acknowledged at once', async (t) => {
  let clears = [{ ...CLEAR, seq: 7 }]
  const { lease, asked, history } = world(() => {
    const reading = { ...NOTHING, seq: 7, clears }
    clears = []
    return Promise.resolve(reading)
  })
  await lease.renew()
  t.equal(history.position, 7)
  t.strictSame(
    asked.map(({ since }) => since),
    [0, 7],
  )
})

t.test('whoever is on the list no more has none, and joins anew', async (t) => {
  const answers: (Promise<LogReading | null> | null)[] = []
  const again = gate<LogReading | null>()
  const { time, lease, asked } = world(() => answers.shift() ?? Promise.resolve(NOTHING))
  await lease.renew()
  answers.push(Promise.resolve(null), again.promise)
  await time.advance(300)
  t.equal(lease.touch(), true)
  await time.advance(0)
  t.equal(lease.isValid, false, 'a clear did not wait for it')
  await time.advance(100)
  again.open(NOTHING)
  await lease.renew()
  t.strictSame(
    asked.map(({ joins }) => joins),
    [true, false, true],
  )
  await time.advance(LEASE_MS - 100 - 1)
  t.equal(lease.isValid, true)
  await time.advance(1)
  t.equal(lease.isValid, false, 'since the second asking')
})

t.test(
  'of a log that hangs only those who come first wait, and nobody waits for one that refuses',
  async (t) => {
    const hung = gate<LogReading>()
    const { time, lease, asked } = world(() => hung.promise)
    const waited: number[] = []
    const acquire = () => {
      const began = time.clock()
      void lease.acquire().then((isHeld) => waited.push(isHeld ? NaN : time.clock() - began))
    }
    acquire()
    await time.advance(100)
    acquire()
    await time.advance(149)
    t.strictSame(waited, [])
    await time.advance(1)
    t.strictSame(waited, [250, 150], 'until 250 ms after the first asked')
    acquire()
    await time.advance(0)
    t.strictSame(waited, [250, 150, 0], 'at once')
    hung.fail(new Error('gone'))
    await t.rejects(lease.renew())
    t.equal(await lease.acquire(), false)
    t.equal(asked.length, 1, 'a pause before it is asked again')
    await time.advance(250)
    t.equal(await lease.acquire(), false)
    t.equal(asked.length, 2)
  },
)

t.test('it is lost from the first failure until the log answers, however long nobody asks', async (t) => {
  let isAway = false
  const { time, lease } = world(() => (isAway ? Promise.reject(new Error('gone')) : Promise.resolve(NOTHING)))
  await lease.renew()
  const began = time.now()
  t.strictSame(lease.state, { state: 'held', since: began, logSince: began })
  await time.advance(5000)
  t.strictSame(lease.state, { state: 'idle', since: began + LEASE_MS, logSince: began })
  isAway = true
  for (const ms of [0, 300, 3_600_000]) {
    await time.advance(ms)
    await t.rejects(lease.renew())
    await time.advance(60_000)
    t.strictSame(lease.state, { state: 'lost', since: began + 5000, logSince: began + 5000 })
  }
  isAway = false
  await lease.renew()
  const back = time.now()
  t.strictSame(lease.state, { state: 'held', since: back, logSince: back })
  await time.advance(5000)
  t.match(lease.state, { state: 'idle', logSince: back })
})

t.test('closing leaves the list, for good', async (t) => {
  const { lease, left, asked } = world(() => Promise.resolve(NOTHING))
  await lease.renew()
  await lease.close()
  t.strictSame([lease.isValid, left], [false, ['me']])
  await t.rejects(lease.renew(), { message: /closed/ })
  t.equal(asked.length, 1)
})

t.test('a clear', async (t) => {
  const me: Member = { id: 'me', name: 'host/1', beat: 1 }
  const other: Member = { id: 'other', name: 'host/2', beat: 5 }
  async function confirm(
    appended: Pick<Appended, 'members' | 'listIsWhole'>,
    unacknowledged: () => Promise<string[]>,
  ): Promise<{ result: Awaited<ReturnType<typeof confirmation>>; ms: number; expired: Member[][] }> {
    const expired: Member[][] = []
    const log = {
      unacknowledged,
      expire: (members: Member[]) => Promise.resolve(void expired.push(members)),
    } as Partial<ClearLog> as ClearLog
    const time = manualTime()
    await time.advance(5000)
    const appendedAt = time.clock()
    const result = await inTime(
      time,
      confirmation(log, { epoch: 'e', seq: 3, ...appended }, { self: me, appendedAt, time }),
    )
    return { result, ms: time.clock() - appendedAt, expired }
  }

  await t.test('is confirmed by this instance alone where there is no other', async (t) => {
    const { result, ms } = await confirm({ members: [me], listIsWhole: true }, () =>
      Promise.reject(new Error('not asked')),
    )
    t.strictSame(result, { confirmed: ['host/1'], expired: [] })
    t.equal(ms, 0)
  })

  await t.test('waits for an acknowledgement, and no longer', async (t) => {
    let asked = 0
    const { result, ms, expired } = await confirm({ members: [me, other], listIsWhole: true }, () => {
      asked += 1
      return Promise.resolve(asked < 3 ? ['other'] : [])
    })
    t.strictSame([result, expired], [{ confirmed: ['host/1', 'host/2'], expired: [] }, []])
    t.strictSame([asked, ms], [3, 14], 'asked after 2, 4 and 8 ms more')
  })

  await t.test('waits for a whole lease, and a little more, where none comes', async (t) => {
    const { result, ms, expired } = await confirm({ members: [me, other], listIsWhole: true }, () =>
      Promise.resolve(['other', 'me']),
    )
    t.strictSame(result, { confirmed: ['host/1'], expired: ['host/2'] })
    t.equal(ms, LEASE_MS * 1.02)
    t.strictSame(expired, [[other]], 'off the list, unless it has renewed since')
  })

  for (const [how, answer] of [
    ['refuses', () => Promise.reject(new Error('gone'))],
    ['hangs', () => new Promise<string[]>(() => undefined)],
  ] as const) {
    await t.test(`needs no log that ${how} meanwhile: a lease later it holds all the same`, async (t) => {
      const { result, ms } = await confirm({ members: [me, other], listIsWhole: true }, answer)
      t.strictSame(result, { confirmed: ['host/1'], expired: ['host/2'] })
      t.equal(ms, LEASE_MS * 1.02)
    })
  }

  await t.test('waits for instances that the list may have lost', async (t) => {
    const { result, ms } = await confirm({ members: [me], listIsWhole: false }, () => Promise.resolve([]))
    t.strictSame(result, { confirmed: ['host/1'], expired: [] })
    t.equal(ms, LEASE_MS * 1.02)
  })
})

/** Has the time go by that a promise takes. */
async function inTime<Value>(time: ManualTime, promise: Promise<Value>): Promise<Value> {
  let isOver = false as boolean
  const over = promise.finally(() => (isOver = true))
  await time.advance(0)
  for (let ms = 0; !isOver && ms < 2 * LEASE_MS; ms++) await time.advance(1)
  return over
}
