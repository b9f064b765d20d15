// The guard around Redis: nothing waits beyond the limit, the breaker opens and closes by itself, and says so once.
import t from 'tap'
import { Guard, UNAVAILABLE } from '../../../src/cache/guard.ts'
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
function setUp() {
  const said: string[] = []
  const connection = { ready: true, probe: () => Promise.resolve('PONG' as unknown) }
  const clock = { now: 1_000_000 }
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
    () => clock.now,
  )
  const open = async () => {
    for (let failure = 0; failure < 3; failure++) await guard.run(lost)
  }
  /** What was said since the last time. */
  const heard = () => said.splice(0)
  return { guard, connection, clock, open, heard }
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
    const { guard } = setUp()
    const late = gate()
    const began = performance.now()
    t.equal(await guard.run(() => late.promise), UNAVAILABLE)
    t.ok(performance.now() - began >= LIMIT_MS - 1, 'not before the limit')
    late.fail(new Error('after all'))
    t.equal(await guard.run(never), UNAVAILABLE)
  },
)

t.test('what a request has spent on Redis before is taken off the limit', async (t) => {
  const { guard } = setUp()
  const order: string[] = []
  const whole = guard.run(never).then(() => order.push('whole'))
  const rest = guard.run(never, LIMIT_MS - 5).then(() => order.push('rest'))
  const none = guard.run(never, 2 * LIMIT_MS).then(() => order.push('none'))
  await Promise.all([whole, rest, none])
  t.strictSame(order, ['none', 'rest', 'whole'])
})

t.test('nothing is thrown, whatever the command does', async (t) => {
  const { guard } = setUp()
  t.equal(await guard.run(lost), UNAVAILABLE)
  t.equal(await guard.run(unexpected), UNAVAILABLE)
})

t.test('three failures in a row open the breaker; then no command is sent and nothing waits', async (t) => {
  const { guard, heard } = setUp()
  await guard.run(lost)
  await guard.run(lost)
  t.ok(guard.available)
  // Several under way at once: those that fail when it is open already are no news.
  await Promise.all([guard.run(never), guard.run(lost), guard.run(lost)])
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
    const { guard, connection, clock, open, heard } = setUp()
    const answer = gate<unknown>()
    connection.probe = () => answer.promise
    await open()
    heard()
    clock.now += FIRST_PAUSE_MS - 1
    await guard.run(unexpected)
    t.strictSame(heard(), [], 'not before the pause is over')
    clock.now += 1
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
  const { guard, connection, clock, open, heard } = setUp()
  await open()
  heard()
  clock.now += LONGEST_PAUSE_MS
  connection.ready = false
  await guard.run(unexpected)
  t.strictSame(heard(), [])
})

t.test('a probe that is answered with an error shows all the same that Redis is there', async (t) => {
  const { guard, connection, clock, open } = setUp()
  connection.probe = () => Promise.reject(new ReplyError('NOPERM'))
  await open()
  clock.now += FIRST_PAUSE_MS
  await guard.run(unexpected)
  await new Promise(setImmediate)
  t.ok(guard.available)
})

t.test('probes that fail give the connection up, say nothing, and come ever less often', async (t) => {
  const { guard, connection, clock, open, heard } = setUp()
  await open()
  heard()
  connection.probe = lost
  let pause = FIRST_PAUSE_MS
  for (let probe = 0; probe < 6; probe++) {
    clock.now += pause - 1
    await guard.run(unexpected)
    t.strictSame(heard(), [], `not within ${pause} ms`)
    clock.now += 1
    await guard.run(unexpected)
    await new Promise(setImmediate)
    t.strictSame(heard(), ['probe', 'recycle'])
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
  }
})

t.test('a probe without an answer fails at the limit', async (t) => {
  const { guard, connection, clock, open, heard } = setUp()
  await open()
  heard()
  const asked = gate()
  connection.probe = () => {
    asked.open()
    return never()
  }
  clock.now += FIRST_PAUSE_MS
  await guard.run(unexpected)
  await asked.promise
  // The limit of a later timer is not reached before that of the probe.
  await setUp().guard.run(never)
  await new Promise(setImmediate)
  t.strictSame(heard(), ['probe', 'recycle'])
})

t.test('a new connection closes the breaker, once the pause is over', async (t) => {
  const { guard, clock, open, heard } = setUp()
  await open()
  heard()
  guard.connected()
  t.notOk(guard.available, 'a handshake alone is not trusted that soon')
  clock.now += FIRST_PAUSE_MS
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
    const { guard, clock, open } = setUp()
    const reopensAfter = async (pause: number) => {
      await open()
      clock.now += pause - 1
      guard.connected()
      t.notOk(guard.available, `open for ${pause} ms`)
      clock.now += 1
      guard.connected()
      t.ok(guard.available)
    }
    await reopensAfter(FIRST_PAUSE_MS)
    await reopensAfter(FIRST_PAUSE_MS * 2)
    await reopensAfter(FIRST_PAUSE_MS * 4)
    await reopensAfter(LONGEST_PAUSE_MS)
    await reopensAfter(LONGEST_PAUSE_MS)
    clock.now += RELAPSE_MS
    await reopensAfter(FIRST_PAUSE_MS)
  },
)
