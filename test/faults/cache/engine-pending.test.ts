// A clear while the clear log is away: it holds here at once, is written when the log is back, and then holds everywhere.
import t, { type Test } from 'tap'
import { bodyOf } from '../../../src/cache/index.ts'
import { sharedPostgres, startPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { beginLife, failingLoad, gatedLoad, loadOf, POLICY, seen, type Life } from '../../support/life.ts'
import { startProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

/** A clear answers within a second; the rest is for a busy machine, and far from what a hung server would take. */
const ANSWER_LIMIT_MS = 4000

// What a clear was promised must survive the crashes here.
const postgres = await startPostgres(t, ['synchronous_commit=on'])
const shared = await sharedPostgres(t)
const redis = await startRedis(t)
const database = await createDatabase(postgres)
// One server is hung and killed; the others cut their own way to that of the run.
t.jobs = 4
let worlds = 0

function world() {
  return { database, redis, prefix: `world-${++worlds}` }
}

/** A world whose way to PostgreSQL can be cut for itself alone. */
async function severable(t: Test) {
  const proxy = await startProxy(t, shared.port)
  const through = new URL(await createDatabase(shared))
  through.port = String(proxy.port)
  return { proxy, place: { ...world(), database: through.href } }
}

const AWAY = {
  hung: { leave: () => postgres.pause(), comeBack: () => postgres.resume() },
  killed: { leave: () => postgres.kill(), comeBack: () => postgres.start() },
}

/** How often the clear is in the log, once it is; nobody asks the cache to write it. */
async function settled({ pool }: Life, selector: string): Promise<number> {
  return until(`the clear of ${selector} to be written`, async () => {
    const rows = await pool`select from cache_clears where selector = ${selector}`.catch(() => [])
    return rows.length
  })
}

void t.test(
  'the clear answers soon, holds here, and is written by itself',
  { buffered: true },
  async (t: Test) => {
    for (const [state, { leave, comeBack }] of Object.entries(AWAY)) {
      await t.test(`PostgreSQL ${state}`, async (t: Test) => {
        const place = world()
        const life = await beginLife(t, place)
        const { cache } = life
        for (const key of ['a', 'b']) await cache.getOrLoad(`${state}:${key}`, POLICY, loadOf('old').load)
        await leave()
        const began = performance.now()
        const result = await cache.delete(`${state}:a`, 'test')
        t.ok(performance.now() - began < ANSWER_LIMIT_MS, `${performance.now() - began} ms`)
        t.match(result, { deleted: 1, pending: true })
        await until('it to be swept', async () => {
          return (await redis.client.exists(`${place.prefix}:v2:${state}:a`)) === 0
        })
        t.match(life.warnings, [/clear log does not answer/])
        // The other stands in, marked: what was cleared elsewhere is not known here.
        await until('the lease to be over', async () => {
          return (await seen(cache.getOrLoad(`${state}:b`, POLICY, failingLoad))) === 'STALE memory: old'
        })
        const young = loadOf('young')
        for (const count of [1, 2]) {
          t.equal(await seen(cache.getOrLoad(`${state}:a`, POLICY, young.load)), 'MISS load: young')
          t.equal(young.count, count, 'and not kept: the clear that is owed would kill it')
        }
        await comeBack()
        await settled(life, `${state}:a`)
        // Written, but perhaps not heard back yet.
        await until('a load to be kept again', async () => {
          const answer = await cache.getOrLoad(`${state}:a`, POLICY, loadOf('kept').load)
          return answer.outcome === 'HIT' && bodyOf(answer.entry).toString() === 'kept'
        })
      })
    }
  },
)

void t.test(
  'the clear, once written, kills what other processes left in Redis',
  { buffered: true },
  async (t: Test) => {
    const { proxy, place } = await severable(t)
    const [clearing, other] = [await beginLife(t, place), await beginLife(t, place)]
    proxy.refuse()
    t.match(await clearing.cache.delete('left', 'test'), { pending: true })
    // Of before the clear, as all that the other knows.
    await other.cache.set('left', POLICY, { body: Buffer.from('old') })
    t.equal(await redis.client.exists(`${place.prefix}:v2:left`), 1, 'the late store')
    t.equal(
      await seen(clearing.cache.getOrLoad('left', POLICY, loadOf('new').load)),
      'MISS load: new',
      'owed',
    )
    proxy.forward()
    await settled(clearing, 'left')
    t.equal(await redis.client.exists(`${place.prefix}:v2:left`), 1, 'it is still there')
    const next = await beginLife(t, place)
    t.equal(await seen(next.cache.getOrLoad('left', POLICY, loadOf('new').load)), 'MISS load: new')
  },
)

void t.test(
  'while a clear is owed, callers of what it selects share their loads',
  { buffered: true },
  async (t: Test) => {
    const { proxy, place } = await severable(t)
    const { cache } = await beginLife(t, place)
    proxy.refuse()
    await cache.deletePattern('owed:*', 'test')
    await cache.getOrLoad('rest:b', POLICY, loadOf('rest').load)
    await until('the lease to be over', async () => {
      return (await seen(cache.getOrLoad('rest:b', POLICY, failingLoad))) === 'STALE memory: rest'
    })
    const shared = gatedLoad()
    let loads = 0
    const load = () => {
      loads++
      return shared.load()
    }
    const calls = Array.from({ length: 100 }, async () => seen(cache.getOrLoad('owed:a', POLICY, load)))
    await shared.begun
    await cache.deletePattern('owed:*', 'test')
    const after = seen(cache.getOrLoad('owed:a', POLICY, loadOf('new').load))
    shared.end.open('old')
    // Without a lease, who joins a load is told that it began before.
    t.strictSame(new Set(await Promise.all(calls)), new Set(['MISS load: old', 'STALE load: old']))
    t.equal(loads, 1)
    t.equal(await after, 'MISS load: new', 'but not with who came before the next clear')
    await cache.getOrLoad('rest:a', POLICY, loadOf('rest').load)
    t.equal(await seen(cache.getOrLoad('rest:a', POLICY, failingLoad)), 'STALE memory: rest')
    proxy.forward()
  },
)

void t.test('a hung log holds up no load of what is not owed', { buffered: true }, async (t: Test) => {
  const { proxy, place } = await severable(t)
  const { cache } = await beginLife(t, place)
  proxy.swallow()
  await cache.delete('hung', 'test')
  // A debt that is being settled takes the log's second.
  const owed = seen(cache.getOrLoad('hung', POLICY, loadOf('late').load))
  const rest = seen(cache.getOrLoad('rest', POLICY, loadOf('soon').load))
  t.equal(await Promise.race([owed, rest]), 'MISS load: soon')
  proxy.forward()
  await owed
})

void t.test('several clears that are owed are all written', { buffered: true }, async (t: Test) => {
  const { proxy, place } = await severable(t)
  const life = await beginLife(t, place)
  proxy.refuse()
  await life.cache.delete('first', 'test')
  await life.cache.deletePattern('second*', 'test')
  proxy.forward()
  t.equal(await settled(life, 'first'), 1)
  t.equal(await settled(life, 'second*'), 1)
})
