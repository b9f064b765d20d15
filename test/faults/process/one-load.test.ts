// A cold key is loaded once for the whole fleet, however many ask; a loader that dies or fails keeps nobody waiting long, and starts no storm.
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { until } from '../../support/until.ts'
import { ClearChecker } from '../../support/clear-checker.ts'
import type { Reply } from '../../support/callers.ts'
import { clear, keyOf } from '../../support/clears.ts'
import { binds, startFleet, versionIn, type Subject } from '../../support/fleet.ts'
import { randomFrom } from '../../support/random.ts'
import { startRedis } from '../../support/redis.ts'
import { startPostgresWithLog } from '../../support/statement-log.ts'
import { sizeOf } from '../../support/sizes.ts'

const INSTANCES = 4
const CALLERS = 250
const ROUNDS = sizeOf('LOAD_ROUNDS')
/** Rounds in which an instance lost its lease are not counted. A busy machine may have as many; of many rounds a fifth at most. */
const DISTURBED_MAX = Math.max(10, ROUNDS / 5)
/** A slow database: every caller of a round has come before its load is back. */
const LOAD_MS = { least: 40, spread: 40 }
const STATEMENT_LIMIT_MS = 1500
/** The life of the lock, and the load of who comes after. */
const HOLDER_LOST_LIMIT_MS = 3000
const SEED = 20251103

const { postgres, log } = await startPostgresWithLog(t)
const redis = await startRedis(t)
const fleet = await startFleet(t, {
  postgres,
  redis,
  instances: INSTANCES,
  articles: Math.ceil((ROUNDS + DISTURBED_MAX) / 2) + 10,
  lists: Math.ceil((ROUNDS + DISTURBED_MAX) / 2) + 10,
  callers: CALLERS,
  settingsOf: () => ({
    DATABASE_STATEMENT_TIMEOUT_MS: String(STATEMENT_LIMIT_MS),
    // A thousand callers at once on a few cores: that Redis waits for one is no fault of its.
    REDIS_COMMAND_TIMEOUT_MS: '5000',
  }),
})
const { instances, subjects } = fleet
const isLoad = binds(subjects.map(({ parameter }) => parameter))
instances.forEach(({ database, index }) => {
  const random = randomFrom(SEED + index)
  database.delay((data) => (isLoad(data) ? LOAD_MS.least + random.next() * LOAD_MS.spread : 0))
})
// Articles and lists in turn, each asked for in one test only: cold.
const articles = subjects.filter(({ kind }) => kind === 'article')
const lists = subjects.filter(({ kind }) => kind === 'list')
const cold = articles.flatMap((article, index) => [article, lists[index]!])
/** Read by nobody to count its loads. */
const warm = articles[1]!
const nextCold = (): Subject => cold.pop()!

async function haveLeases(of: typeof instances): Promise<void> {
  for (const { callers } of of)
    await until('a lease', async () => (await callers.get(warm.path)).from === 'HIT')
}

/** Everybody on these instances asks at once, each instance having a lease: without one it answers for itself alone. */
async function allAsk({ path }: Subject, of = instances): Promise<Reply[]> {
  await haveLeases(of)
  return Promise.all(of.flatMap(({ callers }) => Array.from({ length: CALLERS }, () => callers.get(path))))
}

/** Since when each instance has its lease without a gap, and whether it has. */
function leases(): Promise<object[]> {
  const leaseOf = async ({ callers }: (typeof instances)[number]): Promise<object> => {
    const { body } = await callers.get('/cache/stats')
    return (JSON.parse(body) as { cache: { lease: object } }).cache.lease
  }
  return Promise.all(instances.map(leaseOf))
}

interface Round {
  replies: Reply[]
  /** Statements that were run for it. */
  queries: number
  /** An instance that loses its lease, as on a machine that stands still for a second, loads for itself, as it should. */
  wasDisturbed: boolean
}

async function roundOf(subject: Subject): Promise<Round> {
  const queriesBefore = await log.count(subject.parameter)
  await haveLeases(instances)
  const before = await leases()
  const replies = await allAsk(subject)
  const wasDisturbed = !isDeepStrictEqual(await leases(), before)
  return { replies, queries: (await log.count(subject.parameter)) - queriesBefore, wasDisturbed }
}

/** How often each status was answered. */
function statuses(replies: Reply[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

t.test(`${INSTANCES} × ${CALLERS} callers of a cold key, ${ROUNDS} rounds: one query each`, async (t) => {
  const queries: number[] = []
  let disturbed = 0
  while (queries.length < ROUNDS && disturbed <= DISTURBED_MAX) {
    const round = await roundOf(nextCold())
    t.strictSame(statuses(round.replies), { 200: INSTANCES * CALLERS }, `round ${queries.length}`)
    t.equal(new Set(round.replies.map(({ body }) => body)).size, 1, 'the same answer for all')
    if (round.wasDisturbed) disturbed++
    else queries.push(round.queries)
    t.ok(round.queries <= INSTANCES, 'one an instance at most')
  }
  t.comment(`${queries.reduce((sum, count) => sum + count)} queries in ${queries.length} rounds`)
  t.equal(queries.length, ROUNDS, `leases were lost in ${disturbed} rounds`)
  t.strictSame(
    queries,
    queries.map(() => 1),
  )
})

t.test('one query after a clear, too', async (t) => {
  const subject = articles[0]!
  const checker = new ClearChecker(INSTANCES)
  await allAsk(subject)
  let counted = 0
  for (let round = 1; round <= ROUNDS + DISTURBED_MAX && counted < ROUNDS / 2; round++) {
    await until('a clear that is in the log', async () => {
      const { status } = await clear(checker, instances[round % INSTANCES]!, subjects, keyOf(subject))
      return status === 200
    })
    const { replies, queries, wasDisturbed } = await roundOf(subject)
    t.strictSame(statuses(replies), { 200: INSTANCES * CALLERS })
    if (wasDisturbed) continue
    t.equal(queries, 1)
    counted++
  }
  t.ok(counted >= ROUNDS / 2, `${counted} rounds`)
})

t.test('a load that fails, fails once for all that wait, and later callers get another', async (t) => {
  let counted = 0
  for (let round = 0; round < 6 && counted < 2; round++) {
    const subject = nextCold()
    // The first load of each process hears nothing until the limit of a statement; any other would be answered.
    const held = instances.map(({ database }) => database.holdNext(binds([subject.parameter])))
    const replies = await allAsk(subject)
    t.strictSame(statuses(replies), { 503: INSTANCES * CALLERS }, 'each was answered once')
    held.forEach(({ release }) => release())
    const failed = await log.count(subject.parameter)
    t.ok(failed >= 1 && failed <= INSTANCES, `${failed} queries, one a process at most`)
    const fresh = await roundOf(subject)
    t.strictSame(statuses(fresh.replies), { 200: INSTANCES * CALLERS }, 'a fresh try')
    if (fresh.wasDisturbed) continue
    t.equal(fresh.queries, 1, 'and one for all')
    counted++
  }
  t.equal(counted, 2)
})

t.test('a load whose connection is lost fails once for all that wait', async (t) => {
  for (const subject of [nextCold(), nextCold()]) {
    const held = instances.map(({ database }) => database.holdNext(binds([subject.parameter])))
    const asked = allAsk(subject)
    await Promise.race(held.map(({ caught }) => caught))
    instances.forEach(({ database }) => database.refuse())
    t.strictSame(statuses(await asked), { 503: INSTANCES * CALLERS })
    instances.forEach(({ database }) => database.forward())
    held.forEach(({ release }) => release())
    const failed = await log.count(subject.parameter)
    t.ok(failed >= 1 && failed <= INSTANCES, `${failed} queries, one a process at most`)
    for (const { callers } of instances)
      await until('a fresh try', async () => (await callers.get(subject.path)).status === 200)
  }
})

t.test('the loader is killed: the others answer soon, and one of them loads', async (t) => {
  const [holder, ...others] = instances
  const subject = nextCold()
  const held = holder!.database.holdNext(binds([subject.parameter]))
  const lost = holder!.callers.get(subject.path).catch((error: unknown) => error)
  await held.caught
  // They have looked for it in Redis, and know that it is being loaded.
  const looked = others.map(({ redis }) => redis.passes((data) => data.includes(keyTextOf(subject))))
  const asked = allAsk(subject, others)
  await Promise.all(looked)
  const killed = performance.now()
  process.kill(holder!.pid, 'SIGKILL')
  const replies = await asked
  const ms = performance.now() - killed
  t.strictSame(statuses(replies), { 200: others.length * CALLERS })
  t.ok(ms < HOLDER_LOST_LIMIT_MS, `answered ${Math.round(ms)} ms after it was killed`)
  t.type(await lost, Error)
  t.equal(await log.count(subject.parameter), 2, 'the one that was lost, and one more')
  t.strictSame(new Set(replies.map(({ body }) => versionIn(body))), new Set([0]))
})

/** Part of the key, as Redis has it. */
function keyTextOf({ id, kind }: Subject): string {
  return kind === 'article' ? `media:article:id=${id}` : `source=list-${id}`
}
