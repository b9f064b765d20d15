// The guard around Redis: nothing waits beyond the limit, the breaker opens and closes by itself, and says so once.
import t from 'tap'
import { Guard, UNAVAILABLE } from '../../../src/cache/guard.ts'
import { manualTime } from '../../support/manual-time.ts'
import { gate } from '../../support/gate.ts'

const LIMIT_MS = 20
/** As in the guard: the first pause of the breaker, the longest one, and the time after which an opening is no relapse. */
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2000
const RELAPSE_MS = 10_000

class ReplyError extends Error {
  override name = 'ReplyError'
}

const never = () => new Promise<never>(() => undefined)
const lost = () => Promise.reject(new Error('connection lost'))

/** A guard on a connection whose state and clock are the test's. */
function setUp(time = manualTime()) {
  const said: string[] = []
  const connection = { ready: true, probe: () => Promise.resolve('PONG' as unknown) }
  const guard = new Guard(
    {
      isReady: () => connection.ready,
      probe: () => {
        said.push('probe')
        return connection.probe()
      },
      recycle: () => void said.push('recycle'),
    },
    LIMIT_MS,
    {
      away: (reason) => void said.push(`away: ${reason}`),
      back: () => void said.push('back'),
      refused: (reason) => void said.push(`refused: ${reason}`),
    },
    time,
  )
  const open = async () => {
    for (let failure = 0; failure < 3; failure++) await guard.run(lost)
  }
  /** What was said since the last time. */
  const heard = () => said.splice(0)
  return { guard, connection, time, open, heard }
}

/** A command that must not be sent. */
function unexpected(): Promise<never> {
  throw new Error('a command was sent')
}

t.test('answers pass, those that stand for nothing too', async (t) => {
  const { guard, heard } = setUp()
  for (const answer of [Buffer.from('x'), 0, '', null, undefined]) {
    t.equal(await guard.run(() => Promise.resolve(answer)), answer)
  }
  t.strictSame(heard(), [])
})

t.test(
  'a command without an answer is given up at the limit; what becomes of it bothers nobody',
  async (t) => {
    const { guard, time } = setUp()
    const late = gate()
    const answers: unknown[] = []
    void guard.run(() => late.promise).then((answer) => answers.push(answer))
    await time.advance(LIMIT_MS - 1)
    t.strictSame(answers, [], 'not before the limit')
    await time.advance(1)
    t.strictSame(answers, [UNAVAILABLE])
    late.fail(new Error('after all'))
    void guard.run(never).then((answer) => answers.push(answer))
    await time.advance(LIMIT_MS)
    t.strictSame(answers, [UNAVAILABLE, UNAVAILABLE])
  },
)

t.test('what a request has spent on Redis before is taken off the limit', async (t) => {
  const { guard, time } = setUp()
  const over: string[] = []
  void guard.run(never).then(() => over.push('whole'))
  void guard.run(never, LIMIT_MS - 5).then(() => over.push('rest'))
  void guard.run(never, 2 * LIMIT_MS).then(() => over.push('none'))
  await time.advance(0)
  t.strictSame(over, ['none'])
  await time.advance(4)
  t.strictSame(over, ['none'])
  await time.advance(1)
  t.strictSame(over, ['none', 'rest'])
  await time.advance(LIMIT_MS - 5)
  t.strictSame(over, ['none', 'rest', 'whole'])
})

t.test('nothing is thrown, whatever the command does', async (t) => {
  const { guard } = setUp()
  t.equal(await guard.run(lost), UNAVAILABLE)
  t.equal(await guard.run(unexpected), UNAVAILABLE)
})

t.test('three failures in a row open the breaker; then no command is sent and nothing waits', async (t) => {
  const { guard, time, heard } = setUp()
  await guard.run(lost)
  await guard.run(lost)
  t.ok(guard.available)
  // Several under way at once: those that fail when it is open already are no news.
  const all = Promise.all([guard.run(never), guard.run(lost), guard.run(lost)])
  await time.advance(LIMIT_MS)
  await all
  t.notOk(guard.available)
  t.strictSame(heard(), ['away: connection lost', 'recycle'])
  let settled = 0
  for (let call = 0; call < 100; call++) void guard.run(unexpected).then(() => settled++)
  await new Promise(setImmediate)
  t.equal(settled, 100, 'answered at once')
})

t.test('an answer in between starts the count anew, an error that Redis answers too', async (t) => {
  for (const answer of [() => Promise.resolve(1), () => Promise.reject(new ReplyError('OOM'))]) {
    const { guard, heard } = setUp()
    await guard.run(lost)
    await guard.run(lost)
    await guard.run(answer)
    await guard.run(lost)
    await guard.run(lost)
    t.ok(guard.available)
    t.notMatch(heard().join(), 'away')
  }
})

t.test('errors that Redis answers are reported, and never open the breaker', async (t) => {
  const { guard, heard } = setUp()
  for (let call = 0; call < 5; call++) {
    t.equal(await guard.run(() => Promise.reject(new ReplyError('OOM'))), UNAVAILABLE)
  }
  t.ok(guard.available)
  t.strictSame(
    heard(),
    Array.from({ length: 5 }, () => 'refused: OOM'),
  )
})

t.test('while the connection is not ready nothing is sent, and that is no failure', async (t) => {
  const { guard, connection, heard } = setUp()
  connection.ready = false
  t.notOk(guard.available)
  for (let call = 0; call < 5; call++) t.equal(await guard.run(unexpected), UNAVAILABLE)
  connection.ready = true
  t.ok(guard.available, 'at once when it is')
  t.strictSame(heard(), [])
})

t.test(
  'after a pause a request has Redis probed, waits for nothing, and the answer closes the breaker',
  async (t) => {
    const { guard, connection, time, open, heard } = setUp()
    const answer = gate<unknown>()
    connection.probe = () => answer.promise
    await open()
    heard()
    await time.advance(FIRST_PAUSE_MS - 1)
    await guard.run(unexpected)
    t.strictSame(heard(), [], 'not before the pause is over')
    await time.advance(1)
    t.equal(await guard.run(unexpected), UNAVAILABLE)
    await guard.run(unexpected)
    t.strictSame(heard(), ['probe'], 'one at a time')
    t.notOk(guard.available)
    answer.open('PONG')
    await new Promise(setImmediate)
    t.ok(guard.available)
    t.strictSame(heard(), ['back'])
    t.equal(await guard.run(() => Promise.resolve('value')), 'value')
  },
)

t.test('a probe is not sent on a connection that is not ready', async (t) => {
  const { guard, connection, time, open, heard } = setUp()
  await open()
  heard()
  await time.advance(LONGEST_PAUSE_MS)
  connection.ready = false
  await guard.run(unexpected)
  t.strictSame(heard(), [])
})

t.test('a probe that is answered with an error shows all the same that Redis is there', async (t) => {
  const { guard, connection, time, open } = setUp()
  connection.probe = () => Promise.reject(new ReplyError('NOPERM'))
  await open()
  await time.advance(FIRST_PAUSE_MS)
  await guard.run(unexpected)
  await new Promise(setImmediate)
  t.ok(guard.available)
})

t.test('probes that fail give the connection up, say nothing, and come ever less often', async (t) => {
  const { guard, connection, time, open, heard } = setUp()
  await open()
  heard()
  connection.probe = lost
  let pause = FIRST_PAUSE_MS
  for (let probe = 0; probe < 6; probe++) {
    await time.advance(pause - 1)
    await guard.run(unexpected)
    t.strictSame(heard(), [], `not within ${pause} ms`)
    await time.advance(1)
    await guard.run(unexpected)
    await new Promise(setImmediate)
    t.strictSame(heard(), ['probe', 'recycle'])
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
  }
})

t.test('a probe without an answer fails at the limit', async (t) => {
  const { guard, connection, time, open, heard } = setUp()
  await open()
  heard()
  connection.probe = never
  await time.advance(FIRST_PAUSE_MS)
  await guard.run(unexpected)
  await time.advance(LIMIT_MS - 1)
  t.strictSame(heard(), ['probe'])
  await time.advance(1)
  t.strictSame(heard(), ['recycle'])
})

t.test('a new connection closes the breaker, once the pause is over', async (t) => {
  const { guard, time, open, heard } = setUp()
  await open()
  heard()
  guard.connected()
  t.notOk(guard.available, 'a handshake alone is not trusted that soon')
  await time.advance(FIRST_PAUSE_MS)
  guard.connected()
  t.ok(guard.available)
  guard.connected()
  t.strictSame(heard(), ['back'], 'said once')
})

t.test('failures of the last connection do not count against a new one', async (t) => {
  const { guard } = setUp()
  await guard.run(lost)
  await guard.run(lost)
  guard.connected()
  await guard.run(lost)
  t.ok(guard.available)
})

t.test(
  'a breaker that opens soon after it closed stays open longer, until Redis was well for a while',
  async (t) => {
    const { guard, time, open } = setUp()
    const reopensAfter = async (pause: number) => {
      await open()
      await time.advance(pause - 1)
      guard.connected()
      t.notOk(guard.available, `open for ${pause} ms`)
      await time.advance(1)
      guard.connected()
      t.ok(guard.available)
    }
    await reopensAfter(FIRST_PAUSE_MS)
    await reopensAfter(FIRST_PAUSE_MS * 2)
    await reopensAfter(FIRST_PAUSE_MS * 4)
    await reopensAfter(LONGEST_PAUSE_MS)
    await reopensAfter(LONGEST_PAUSE_MS)
    await time.advance(RELAPSE_MS)
    await reopensAfter(FIRST_PAUSE_MS)
  },
)

t.test('what has arrived by the limit and is yet to be read is no failure', async (t) => {
  const answer = gate<string>()
  const time = manualTime()
  // As where this process was held up: the timer is due, and so is what came over the network.
  const after = (ms: number, callback: () => void) =>
    time.after(ms, () => {
      callback()
      answer.open('read')
    })
  const { guard } = setUp({ ...time, after })
  const asked = guard.run(() => answer.promise)
  await time.advance(LIMIT_MS)
  t.equal(await asked, 'read')
})
