// A sweep of Redis is housekeeping: it gives way to requests that are answered meanwhile, takes all the time there is where there are none, and is
// shared by those who clear the same.
import t from 'tap'
import { SYSTEM_TIME } from '../../../src/time/time.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { beginLife, loadOf, POLICY } from '../../support/life.ts'

/** Thirty steps of a sweep, which looks at a thousand keys at a time. */
const KEYS = 30_000
/** Of the thirty: on a busy machine several may pass in one turn of the event loop, with nothing answered in between. */
const LEAST_PAUSES = 3

const redis = await sharedRedis(t)
const database = await createDatabase(await sharedPostgres(t))

t.test('it pauses between its steps while requests are answered, and only then', async (t) => {
  let pauses = 0
  const after: typeof SYSTEM_TIME.after = (ms, callback) => {
    pauses += 1
    return SYSTEM_TIME.after(ms, callback)
  }
  const { cache } = await beginLife(t, { database, redis, prefix: 'sweep', time: { after } })
  await cache.getOrLoad('hot', POLICY, loadOf('body').load)

  /** How often anything was waited for during a clear of all these keys. */
  const pausesOfClear = async (isAnswering: boolean): Promise<number> => {
    const keys = Array.from({ length: KEYS }, (_, index) => [`sweep:v2:cold:${index}`, 'x'])
    await redis.client.mset(keys.flat())
    pauses = 0
    let isOver = false
    const clearing = cache.deletePattern('cold:*', 'test').finally(() => (isOver = true))
    while (!isOver) {
      if (isAnswering) await cache.getOrLoad('hot', POLICY, loadOf('body').load)
      await new Promise(setImmediate)
    }
    t.match(await clearing, { deleted: KEYS, swept: true })
    return pauses
  }
  const quiet = await pausesOfClear(false)
  const busy = await pausesOfClear(true)
  t.ok(busy - quiet >= LEAST_PAUSES, `${quiet} pauses when quiet, ${busy} with requests`)
})

t.test('two who clear the same at once share it, and each clear has its own place in the log', async (t) => {
  const { cache } = await beginLife(t, { database, redis, prefix: 'shared' })
  const keys = Array.from({ length: KEYS }, (_, index) => [`shared:v2:cold:${index}`, 'x'])
  await redis.client.mset(keys.flat())
  await redis.client.config('RESETSTAT')
  const results = await Promise.all(['one', 'other'].map((actor) => cache.deletePattern('cold:*', actor)))
  const both = { deleted: KEYS, swept: true, pending: false }
  t.match(results, [both, both])
  t.equal(new Set(results.map(({ seq }) => seq)).size, 2)
  t.strictSame(await redis.client.keys('shared:*'), [])
  const [, calls = ''] = /cmdstat_unlink:calls=(\d+)/.exec(await redis.client.info('commandstats')) ?? []
  // Each of some thirty steps unlinks once.
  t.ok(Number(calls) < (KEYS / 1000) * 1.5, `${calls} times`)
  t.equal((await cache.deletePattern('cold:*', 'later')).deleted, 0, 'the next one sweeps anew')
})
