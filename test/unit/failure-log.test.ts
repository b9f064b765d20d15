// Failures that every request shares: one stack, then a line a second with their number, and none of them uncounted.
import { pino } from 'pino'
import t from 'tap'
import { FailureLog } from '../../src/failure-log.ts'
import { manualTime } from '../support/manual-time.ts'

interface Line {
  reqId: string
  msg: string
  failures?: number
  reason?: string
  err?: { stack: string }
}

function start() {
  const time = manualTime()
  const lines: Line[] = []
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) })
  const failures = new FailureLog(time)
  let request = 0
  const fail = (times = 1): void => {
    for (let time = 0; time < times; time++)
      failures.report(log.child({ reqId: `r${++request}` }), new Error('refused'), 'away')
  }
  return { lines, fail, advance: time.advance, failures }
}

t.test('the first with its stack, the others counted once a second', async (t) => {
  const { lines, fail, advance } = start()
  fail(100)
  t.equal(lines.length, 1)
  t.match(lines[0], { reqId: 'r1', msg: 'away', err: { stack: /\n/ } })
  await advance(1000)
  t.strictSame(lines.length, 2)
  t.match(lines[1], { reqId: 'r100', msg: 'away', reason: 'refused', failures: 99 })
  t.notOk(lines[1]?.err)
  fail(7)
  t.equal(lines.length, 2, 'within the same second as the last line')
  await advance(1000)
  t.match(lines[2], { reqId: 'r107', failures: 7 })
  await advance(60_000)
  t.equal(lines.length, 3, 'nothing without a failure')
})

t.test('at most one line a second, and every failure in one', async (t) => {
  const { lines, fail, advance } = start()
  const SECONDS = 30
  for (let tick = 0; tick < SECONDS * 10; tick++) {
    fail(3)
    await advance(100)
  }
  await advance(5000)
  t.ok(lines.length <= SECONDS + 1, `${lines.length} lines in ${SECONDS} s`)
  t.equal(
    lines.reduce((sum, { failures = 1 }) => sum + failures, 0),
    SECONDS * 10 * 3,
  )
  t.equal(lines.filter(({ err }) => err !== undefined).length, 1, 'one stack')
})

t.test('failures far apart are each said, with a stack once a minute without any has passed', async (t) => {
  const { lines, fail, advance } = start()
  fail()
  await advance(5000)
  fail()
  t.match(lines[1], { reqId: 'r2', reason: 'refused', failures: 1 })
  t.notOk(lines[1]?.err)
  await advance(60_000)
  fail()
  t.match(lines[2], { reqId: 'r3', err: { stack: /\n/ } })
})

t.test('closed, it counts no further and says nothing more', async (t) => {
  const { lines, fail, advance, failures } = start()
  fail(3)
  failures.close()
  await advance(60_000)
  t.equal(lines.length, 1)
})
