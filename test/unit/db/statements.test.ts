// The limits of a statement, by a clock that the test moves: in line, while it runs, and on a connection that says nothing any more.
import { sql } from 'drizzle-orm'
import type postgres from 'postgres'
import t from 'tap'
import { StatementRunner } from '../../../src/db/statements.ts'
import { gate, type Gate } from '../../support/gate.ts'
import { manualTime } from '../../support/manual-time.ts'

const LIMIT_MS = 400
const CONNECT_LIMIT_MS = 2000
const GRACE_MS = 100
/** A connection that has heard nothing for so long is given up. */
const SILENT_MS = CONNECT_LIMIT_MS + LIMIT_MS + GRACE_MS
const ONE = sql`select 1`

class Lost extends Error {
  readonly code = 'CONNECTION_DESTROYED'
}

/** A pool of one connection whose answers are the test's; ended, it fails what runs on it, as that of postgres.js. */
class Connection {
  readonly asked: Gate<object[]>[] = []
  isEnded = false

  unsafe(): Promise<object[]> {
    const answer = gate<object[]>()
    this.asked.push(answer)
    return answer.promise
  }

  end(): Promise<void> {
    this.isEnded = true
    for (const answer of this.asked) answer.fail(new Lost('ended'))
    return Promise.resolve()
  }
}

function world(connections: number) {
  const time = manualTime()
  const opened: Connection[] = []
  const runner = new StatementRunner({
    open: () => {
      const connection = new Connection()
      opened.push(connection)
      return connection as unknown as postgres.Sql
    },
    connections,
    limitMs: LIMIT_MS,
    connectLimitMs: CONNECT_LIMIT_MS,
    time,
  })
  const over: string[] = []
  /** Asks, and notes what becomes of it under a name. */
  const ask = (name: string): void => {
    void runner.run(ONE).then(
      () => over.push(`${name}: answered`),
      (error: unknown) => over.push(`${name}: ${String(error)}`),
    )
  }
  /** What has become of those asked since the last time. */
  const news = () => over.splice(0)
  return { time, opened, runner, ask, news }
}

t.test('who waits for a connection waits no longer than a statement may take', async (t) => {
  const { time, ask, news } = world(1)
  ask('first')
  await time.advance(100)
  ask('second')
  await time.advance(LIMIT_MS + GRACE_MS - 101)
  t.strictSame(news(), [])
  await time.advance(1)
  t.strictSame(news(), ['first: DatabaseUnavailable: PostgreSQL is unavailable: no answer within 400 ms'])
  await time.advance(99)
  t.strictSame(news(), [])
  await time.advance(1)
  t.match(news(), [/^second: DatabaseUnavailable: .* no connection free within 400 ms/])
})

t.test('the wait is taken off the time to answer', async (t) => {
  const { time, opened, ask, news } = world(1)
  ask('first')
  ask('second')
  await time.advance(300)
  opened[0]!.asked[0]!.open([])
  await time.advance(LIMIT_MS + GRACE_MS - 301)
  t.strictSame(news(), ['first: answered'])
  t.equal(opened[0]!.asked.length, 2, 'the second is asked when the first is answered')
  await time.advance(1)
  t.match(news(), [/^second: .*no answer within 400 ms/])
})

t.test('a connection is free when its statement has ended, not when nobody waits for it', async (t) => {
  const { time, opened, runner, ask, news } = world(1)
  ask('first')
  await time.advance(LIMIT_MS + GRACE_MS)
  news()
  t.strictSame(runner.usage, { connections: 1, inUse: 1, waiting: 0 })
  ask('second')
  await time.advance(100)
  t.equal(opened[0]!.asked.length, 1)
  opened[0]!.asked[0]!.open([])
  await time.advance(0)
  t.equal(opened[0]!.asked.length, 2)
  opened[0]!.asked[1]!.open([])
  await time.advance(0)
  t.strictSame(news(), ['second: answered'])
  t.strictSame(runner.usage, { connections: 1, inUse: 0, waiting: 0 })
  await time.advance(60_000)
  t.equal(opened.length, 1, 'late is not silent')
})

t.test('a hundred wait for each connection; the next one is refused at once', async (t) => {
  const { time, runner, ask, news } = world(2)
  for (let statement = 0; statement < 202; statement++) ask('one')
  await time.advance(0)
  t.strictSame(runner.usage, { connections: 2, inUse: 2, waiting: 200 })
  t.strictSame(news(), [])
  ask('one too many')
  await time.advance(0)
  t.match(news(), [/^one too many: .* too many wait for one/])
})

t.test('where one connection falls silent all are made anew', async (t) => {
  const { time, opened, runner, ask, news } = world(2)
  ask('first')
  await time.advance(1000)
  ask('second')
  await time.advance(SILENT_MS - 1001)
  t.equal(
    opened.length,
    2,
    'not before the server had the time for its own limit, and a connection to be made',
  )
  t.match(news(), [/^first: .*no answer/, /^second: .*no answer/])
  await time.advance(1)
  t.strictSame(
    opened.map(({ isEnded }) => isEnded),
    [true, true, false, false],
  )
  t.equal(runner.usage.inUse, 0)
  ask('third')
  await time.advance(0)
  for (const { asked } of opened) for (const answer of asked) answer.open([])
  await time.advance(60_000)
  t.strictSame(news(), ['third: answered'])
  t.equal(opened.length, 4, 'once')
})

t.test('what runs on another one then is asked again, within its own limit', async (t) => {
  const { time, opened, ask, news } = world(2)
  ask('silent')
  await time.advance(SILENT_MS - 1)
  news()
  ask('later')
  await time.advance(1)
  t.strictSame(news(), [], 'its connection was ended, and it goes on')
  opened.at(-1)!.asked[0]?.open([])
  opened.at(-2)!.asked[0]?.open([])
  await time.advance(0)
  t.strictSame(news(), ['later: answered'])
})

t.test('a statement whose connection is lost is asked three times at most', async (t) => {
  const { time, opened, ask, news } = world(1)
  ask('unlucky')
  for (let attempt = 1; attempt <= 3; attempt++) {
    await time.advance(10)
    t.strictSame([opened.length, news()], [attempt, []])
    opened.at(-1)!.asked[0]!.fail(new Lost('ended by the server'))
  }
  await time.advance(0)
  t.match(news(), [/^unlucky: DatabaseUnavailable: .*ended by the server/])
})

t.test('closed, nothing is made anew', async (t) => {
  const { time, opened, runner, ask, news } = world(1)
  ask('cut off')
  await runner.close()
  await time.advance(60_000)
  t.match(news(), [/^cut off: DatabaseUnavailable/])
  t.equal(opened.length, 1)
})
