// Three instances on a slow database, writers that update, commit and clear, readers everywhere: no clear is undone, in any round.
import t from 'tap'
import { ClearChecker } from '../../support/clear-checker.ts'
import { clear, selectionsOf } from '../../support/clears.ts'
import { binds, startFleet, startReaders, write, type Subject } from '../../support/fleet.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { randomFrom } from '../../support/random.ts'
import { startRedis } from '../../support/redis.ts'
import { sizeOf } from '../../support/sizes.ts'

const INSTANCES = 3
const ROUNDS = sizeOf('CLEAR_ROUNDS')
const WRITERS = 4
const READERS_PER_INSTANCE = 6
const SEED = 20251101
/** A load takes up to so long, and each answer of the clear log a little: what is on its way when a clear answers is what is tested. */
const LOAD_MS = 250
const LOG_MS = 10
const LOG_PART = 0.02
/** A lease, what clocks may differ by, and the way there and back on a busy machine. */
const CLEAR_LIMIT_MS = 5000

t.test('no read begun after a clear answered brings what was there before it', async (t) => {
  const [postgres, redis] = [await sharedPostgres(t), await startRedis(t)]
  const fleet = await startFleet(t, {
    postgres,
    redis,
    instances: INSTANCES,
    articles: 8,
    lists: 4,
    settingsOf: () => ({ DATABASE_POOL_MAX: '16', CACHE_WARM_KEYS: '200' }),
  })
  const { instances, subjects } = fleet
  const isLoad = binds(subjects.map(({ parameter }) => parameter))
  for (const { database, index } of instances) {
    const random = randomFrom(SEED + index)
    database.delay((data) =>
      isLoad(data) ? random.next() ** 2 * LOAD_MS : random.next() < LOG_PART ? LOG_MS : 0,
    )
  }
  const checker = new ClearChecker(INSTANCES)
  const readers = startReaders(t, checker, fleet, READERS_PER_INSTANCE, randomFrom(SEED))

  const complaints: string[] = []
  const times: number[] = []
  let rounds = 0
  let late = 0
  // A subject has one writer, so that its versions are committed in their order; what the writers clear overlaps.
  const writer = async (index: number): Promise<void> => {
    const random = randomFrom(SEED * 2 + index)
    const own = subjects.filter((_, place) => place % WRITERS === index)
    const versions = new Map<Subject, number>()
    // On until reads were overtaken often enough to show something.
    while (rounds < ROUNDS || (checker.overtakenAndOlder <= ROUNDS / 20 && rounds < 4 * ROUNDS)) {
      const subject = random.pick(own)
      const version = (versions.get(subject) ?? 0) + 1
      versions.set(subject, version)
      await write(fleet, checker, subject, version)
      const selection = random.pick(selectionsOf(subject))
      const cleared = await clear(checker, random.pick(instances), subjects, selection)
      const { status, answer, ms } = cleared
      complaints.push(...cleared.complaints)
      times.push(ms)
      if (status === 200) rounds++
      if (answer.instances.confirmed !== INSTANCES) late++
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, index) => writer(index)))
  await readers.stop()

  t.strictSame(checker.violations, [])
  t.strictSame(complaints, [])
  times.sort((one, other) => one - other)
  const [median, slowest] = [times[times.length >> 1]!, times.at(-1)!]
  const { clears, reads, from, overtaken, overtakenAndOlder } = checker
  t.comment(JSON.stringify({ clears, late, reads, from, overtaken, overtakenAndOlder, median, slowest }))
  t.ok(rounds >= ROUNDS, `${rounds} clears answered that they hold everywhere`)
  // On a busy machine an instance, or the log, may be too slow for a clear, which says so.
  t.ok(late < rounds / 10, `${late} clears were not confirmed by all`)
  t.ok(
    Math.min(from['HIT']!, from['MISS']!) > ROUNDS / 4,
    `answered from the cache ${from['HIT']} times, loaded anew ${from['MISS']} times`,
  )
  t.ok(
    overtaken > ROUNDS / 4,
    `${overtaken} reads were under way when a clear of what they asked for answered`,
  )
  t.ok(overtakenAndOlder > ROUNDS / 20, `${overtakenAndOlder} of them had read before it`)
  t.ok(slowest < CLEAR_LIMIT_MS, `the slowest clear took ${Math.round(slowest)} ms`)
})
