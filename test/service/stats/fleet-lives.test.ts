// An instance goes on as another life each day, and what it had counted by then stays with the life that is over: nothing is counted twice.
import t from 'tap'
import { noCounts } from '../../../src/cache/index.ts'
import { NO_DURATIONS } from '../../../src/cache/durations.ts'
import { openDatabase } from '../../../src/db/client.ts'
import { readFleet } from '../../../src/db/fleet-counts.ts'
import { Fleet } from '../../../src/stats/fleet.ts'
import type { Totals } from '../../../src/stats/totals.ts'
import { SYSTEM_TIME, type Time } from '../../../src/time/time.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'

const DAY_MS = 86_400_000
const postgres = await sharedPostgres(t)

/** As an instance that has answered so many requests, each of them a hit, counts them. */
function totalsOf(requests: number): Totals {
  const media = { counts: { ...noCounts(), memoryHits: requests }, loadTimes: NO_DURATIONS, loadMs: 0 }
  return { requests, redisCommands: 0, categories: { media } }
}

t.test('a life ends after a day, and the sum goes on', async (t) => {
  const url = await createDatabase(postgres)
  const database = openDatabase({ url, poolMax: 2, statementTimeoutMs: 60_000 })
  t.teardown(() => database.close())
  const clock = { now: Date.now() }
  const time: Time = { ...SYSTEM_TIME, now: () => clock.now, clock: () => clock.now }
  const fleet = new Fleet(database, time)
  const other = new Fleet(database, time)
  const publish = async (requests: number): Promise<void> => {
    t.equal(fleet.publish(totalsOf(requests)), true)
    await fleet.settled()
  }
  /** In the table, as this instance sees it and as another one does. */
  const sums = async (requests: number) => {
    await Promise.all([fleet.refresh(0), other.refresh(0)])
    const { counts } = await readFleet(database, 'none')
    const hits = counts.filter(({ counter }) => counter === 'memoryHits')
    return [
      hits.reduce((sum, { count }) => sum + count, 0),
      fleet.totals(totalsOf(requests))?.categories['media']?.memoryHits,
      other.totals(totalsOf(0))?.requests,
    ]
  }
  const lives = async () =>
    (await database.pool<{ life: string }[]>`select distinct life from cache_counts`).length

  await publish(10)
  t.strictSame(await sums(10), [10, 10, 10])
  clock.now += DAY_MS - 1
  await publish(15)
  t.equal(await lives(), 1)
  clock.now += 2
  await publish(20)
  t.strictSame(await sums(20), [20, 20, 20], 'the last that the first life wrote')
  await publish(27)
  t.equal(await lives(), 2)
  t.strictSame(await sums(27), [27, 27, 27], 'what the second one wrote comes on top')
  t.strictSame(await sums(30), [27, 30, 27], 'what is not written yet is known here alone')
  t.equal(fleet.publish(totalsOf(27)), false, 'nothing is written where nothing has changed')
  clock.now += DAY_MS + 1
  await publish(40)
  await publish(41)
  t.equal(await lives(), 3)
  t.strictSame(await sums(41), [41, 41, 41])
})
