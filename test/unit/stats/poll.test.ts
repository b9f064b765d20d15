// How often the figures of `/cache/stats` are put together, and how long they wait for who is slow, by a clock that the test moves.
import t, { type Test } from 'tap'
import type { Database } from '../../../src/db/client.ts'
import { AnalysisFigures } from '../../../src/stats/analyses.ts'
import { Fleet } from '../../../src/stats/fleet.ts'
import { Ledger } from '../../../src/stats/ledger.ts'
import { Poll } from '../../../src/stats/poll.ts'
import type { StatsAnswer } from '../../../src/stats/schema.ts'
import { takeTotals } from '../../../src/stats/totals.ts'
import { settled, World } from '../cache/engine.ts'

const AT_ONCE = 20
const EVERY_MS = 250
const PATIENCE_MS = 50
const FLEET_AGE_MS = 1000

async function pollOf(t: Test) {
  const world = new World()
  const cache = await world.open({ redis: null })
  t.teardown(() => cache.close())
  const database = { hangs: false, asked: 0 }
  const rows = (): Promise<never[]> => {
    database.asked++
    return database.hangs ? new Promise(() => undefined) : Promise.resolve([])
  }
  let requests = 0
  const ledger = new Ledger(
    new Fleet({ rows } as unknown as Database, world.time),
    () => takeTotals(cache.count, requests, 0),
    world.time,
  )
  const figures = new AnalysisFigures({ rows: () => Promise.resolve([]) } as unknown as Database, world.time)
  const poll = new Poll({
    cache,
    ledger,
    analyses: { figures, analysers: new Map(), usage: () => new Map() },
    guard: null,
    instance: 'one',
    memoryMaxBytes: 0,
    loadCost: null,
    time: world.time,
  })
  const read = async (): Promise<StatsAnswer['cache']> =>
    (JSON.parse((await poll.read()).toString()) as StatsAnswer).cache
  /** Whether the answer to a request is of now. */
  const isNew = async (): Promise<boolean> => {
    requests++
    return (await read()).requests === requests
  }
  /** How many of so many answers in a row are of now. */
  const countNew = async (reads: number): Promise<number> => {
    let count = 0
    for (let made = 0; made < reads; made++) if (await isNew()) count++
    return count
  }
  return { world, poll, database, read, isNew, countNew }
}

t.test('put together four times a second, and twenty times at once after a quiet spell', async (t) => {
  const { world, isNew, countNew } = await pollOf(t)
  t.equal(await isNew(), true, 'the first there is')
  t.equal(await countNew(100), AT_ONCE)
  await world.pass(EVERY_MS - 1)
  t.equal(await isNew(), false)
  await world.pass(1)
  t.equal(await countNew(10), 1)
  let steady = 0
  for (let ms = 0; ms < 10_000; ms += 10) {
    await world.pass(10)
    if (await isNew()) steady++
  }
  t.equal(steady, 10_000 / EVERY_MS, 'of a thousand polls in ten seconds')
  await world.pass(2 * EVERY_MS)
  t.equal(await countNew(10), 2, 'half a second is half a quiet one')
  await world.pass(3_600_000)
  t.equal(await countNew(100), AT_ONCE, 'nothing is saved up beyond that')
})

t.test('who asks while they are put together gets the same', async (t) => {
  const { world, poll, database } = await pollOf(t)
  database.hangs = true
  const [first, second] = [poll.read(), poll.read()]
  t.equal(first, second)
  await world.pass(PATIENCE_MS)
  t.equal(poll.read() === first, false, 'and whoever comes later does not')
  await world.pass(PATIENCE_MS)
})

t.test('PostgreSQL is waited for for so long, and what it said before has to do', async (t) => {
  const { world, database, read } = await pollOf(t)
  database.hangs = true
  let answer = null as StatsAnswer['cache'] | null
  void read().then((made) => (answer = made))
  await world.pass(PATIENCE_MS - 1)
  t.equal(answer, null)
  await world.pass(1)
  await settled()
  t.equal(answer?.fleet, null, 'it has said nothing yet')
})

t.test('the fleet is asked for once a second', async (t) => {
  const { world, database, read } = await pollOf(t)
  t.not((await read()).fleet, null)
  const once = database.asked
  await world.pass(FLEET_AGE_MS - 1)
  await read()
  t.equal(database.asked, once)
  await world.pass(1)
  await read()
  t.equal(database.asked, 2 * once)
})
