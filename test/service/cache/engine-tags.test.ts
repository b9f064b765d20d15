// Clears by tag: whatever is made of the data named is void at once, wherever it is, and nothing has to be found for that.
import t from 'tap'
import { bodyOf, checkTag } from '../../../src/cache/index.ts'
import { openPool } from '../../../src/db/client.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { beginLife, failingLoad, gatedLoad, loadOf, POLICY, seen } from '../../support/life.ts'
import { renewed } from '../../support/renewed.ts'
import { until } from '../../support/until.ts'

const postgres = await sharedPostgres(t)
const redis = await sharedRedis(t)
const database = await createDatabase(postgres)
let worlds = 0

function place() {
  return { database, redis, prefix: `world-${++worlds}` }
}

function tagged(...tags: string[]) {
  return { ...POLICY, tags }
}

const ENTRIES = {
  all: tagged('dataset:media', 'source:*'),
  one: tagged('dataset:media', 'source:one'),
  other: tagged('dataset:media', 'source:other'),
  bars: tagged('dataset:volume', 'symbol:^GSPC'),
  none: POLICY,
}
const SELECTED = {
  'source:one': ['all', 'one'],
  'source:*': ['all'],
  'dataset:media': ['all', 'one', 'other'],
  'dataset:volume': ['bars'],
  'symbol:^GSPC': ['bars'],
  'symbol:gspc': [],
  'dataset:nothing': [],
}

t.test('selects what carries it, and what depends on all of its kind; in memory and in Redis', async (t) => {
  for (const [tag, selected] of Object.entries(SELECTED)) {
    const where = place()
    const inMemory = await beginLife(t, where)
    for (const [key, policy] of Object.entries(ENTRIES))
      await inMemory.cache.getOrLoad(key, policy, loadOf('old').load)
    await until('them in Redis', async () => {
      const keys = await redis.client.keys(`${where.prefix}:v2:*`)
      return keys.length === Object.keys(ENTRIES).length
    })
    const result = await inMemory.cache.clear({ kind: 'tag', selector: tag }, 'test')
    t.match(result, { deleted: 0, pending: false, swept: true })
    const inRedis = await beginLife(t, where)
    await renewed(inMemory.cache)
    for (const [key, policy] of Object.entries(ENTRIES)) {
      const isGone = (selected as string[]).includes(key)
      t.equal((await inRedis.cache.get(key)) === null, isGone, `${tag} ${key} in Redis`)
      t.equal(
        await seen(inMemory.cache.getOrLoad(key, policy, loadOf('new').load)),
        isGone ? 'MISS load: new' : 'HIT memory: old',
        `${tag} ${key}`,
      )
    }
    await Promise.all([inMemory.end(), inRedis.end()])
  }
})

t.test('a load from before it is not kept, nor joined by who comes after', async (t) => {
  const { cache } = await beginLife(t, place())
  const old = gatedLoad()
  const before = seen(cache.getOrLoad('a', ENTRIES.one, old.load))
  await old.begun
  await cache.clear({ kind: 'tag', selector: 'source:one' }, 'test')
  t.equal(await seen(cache.getOrLoad('a', ENTRIES.one, loadOf('new').load)), 'MISS load: new')
  old.end.open('old')
  t.equal(await before, 'MISS load: old')
  t.equal(await seen(cache.getOrLoad('a', ENTRIES.one, failingLoad)), 'HIT memory: new')
})

t.test('a load may turn out to depend on less than it could have', async (t) => {
  const where = place()
  const { cache } = await beginLife(t, where)
  const load = () => Promise.resolve({ body: Buffer.from('article'), tags: ['dataset:media', 'source:one'] })
  await cache.getOrLoad('article', ENTRIES.all, load)
  await cache.clear({ kind: 'tag', selector: 'source:other' }, 'test')
  t.equal(await seen(cache.getOrLoad('article', ENTRIES.all, failingLoad)), 'HIT memory: article')
  await until('it in Redis', () => redis.client.exists(`${where.prefix}:v2:article`))
  const later = await beginLife(t, where)
  t.equal(bodyOf((await later.cache.get('article'))!).toString(), 'article')
  await cache.clear({ kind: 'tag', selector: 'source:one' }, 'test')
  await t.rejects(async () => cache.getOrLoad('article', ENTRIES.all, failingLoad))
})

t.test('what is asked for outlives any number of clears of other things', async (t) => {
  const pool = openPool(database, { max: 1 })
  t.teardown(() => pool.end({ timeout: 0 }))
  const { cache } = await beginLife(t, place())
  for (const key of ['asked', 'not asked']) await cache.getOrLoad(key, ENTRIES.one, loadOf('old').load)
  for (let round = 0; round < 3; round++) {
    await pool`
      insert into cache_clears (seq, kind, selector, soft, actor)
      select next_clear_position(0), 'tag', 'source:other', true, 'data' from generate_series(1, 700)`
    await until('them here', async () => {
      cache.catchUp()
      const [state] = await pool<{ known: boolean }[]>`
        select (select min(applied) from cache_members) = (select max(seq) from cache_clears) as known`
      return state!.known
    })
    t.equal(await seen(cache.getOrLoad('asked', ENTRIES.one, failingLoad)), 'HIT memory: old')
  }
  t.equal(await seen(cache.getOrLoad('not asked', ENTRIES.one, loadOf('new').load)), 'MISS load: new')
})

t.test('what is no tag is named as such', (t) => {
  for (const tag of ['dataset:media', 'source:hespress', 'symbol:^GSPC', 'source:à la carte', 'source:*'])
    t.equal(checkTag(tag), null, tag)
  const bad = [
    '',
    'media',
    'dataset:',
    ':media',
    'table:bars',
    'source:a\nb',
    'source:\0',
    `source:${'x'.repeat(122)}`,
  ]
  for (const tag of bad) t.match(checkTag(tag), /^must be one of dataset:NAME/, JSON.stringify(tag))
  t.end()
})
