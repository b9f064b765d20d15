// The Redis tier's steps on a real Redis: each does its work where things are as it expects, and nothing at all where they are not.
import { Redis } from 'ioredis'
import t from 'tap'
import { encodeEntry } from '../../../src/cache/entry.ts'
import { Guard, RedisTier } from '../../../src/cache/index.ts'
import type { Lock } from '../../../src/cache/remote.ts'
import { entryWith } from '../../support/held-entries.ts'
import { sharedRedis, startRedis } from '../../support/redis.ts'

const redis = await sharedRedis(t)
const client = new Redis({ port: redis.port })
t.teardown(() => client.disconnect())
t.beforeEach(() => client.flushall())

const LIFE_MS = 60_000
const ENTRY = 'test:v2:key'
const LOCK = `test:lock:{${ENTRY}}`
const ONE = encodeEntry(entryWith(Buffer.from('one')))
const OTHER = encodeEntry(entryWith(Buffer.from('other')))

function tierOf(prefix = 'test'): RedisTier {
  const ignore = (): void => undefined
  const connection = { isReady: () => true, probe: () => client.ping(), recycle: ignore }
  return new RedisTier(
    client,
    new Guard(connection, 5000, { away: ignore, back: ignore, refused: ignore }),
    prefix,
  )
}

function lockOf(token: string, given: Partial<Lock> = {}): Lock {
  return { epoch: 'log', position: 5, token, lifeMs: LIFE_MS, ...given }
}

const tier = tierOf()

t.test('what is to be replaced has to be there: no key comes without an end', async (t) => {
  await tier.replace('key', ONE, OTHER)
  t.equal(await client.exists(ENTRY), 0, 'the entry is gone')
  await tier.set('key', OTHER, LIFE_MS)
  await tier.replace('key', ONE, ONE)
  t.same(await client.getBuffer(ENTRY), OTHER, 'another is in its place')
  await client.del(ENTRY)
  await client.rpush(ENTRY, 'x')
  await tier.replace('key', ONE, OTHER)
  t.equal(await client.type(ENTRY), 'list', 'something else is in its place')
})

t.test('what is replaced keeps its end', async (t) => {
  await tier.set('key', ONE, LIFE_MS)
  await tier.replace('key', ONE, OTHER)
  t.same(await client.getBuffer(ENTRY), OTHER)
  const left = await client.pttl(ENTRY)
  t.ok(left > 0 && left <= LIFE_MS, `${left} ms left`)
})

t.test('a lock is given back, extended and stored under by its holder alone', async (t) => {
  await tier.acquire('key', lockOf('mine'), 0, null)
  const held = await client.get(LOCK)
  t.equal(held, 'log 5 mine')
  for (const token of ['mind', 'nine', 'another']) {
    await tier.release('key', lockOf(token))
    t.equal(await client.get(LOCK), held, `released by ${token}`)
    t.equal(await tier.extend('key', lockOf(token, { lifeMs: LIFE_MS * 10 })), false)
    t.ok((await client.pttl(LOCK)) <= LIFE_MS, `extended by ${token}`)
    await tier.store('key', lockOf(token), ONE, LIFE_MS)
    t.equal(await client.exists(ENTRY), 0, `stored by ${token}`)
  }
  t.equal(await tier.extend('key', lockOf('mine', { lifeMs: LIFE_MS * 10 })), true)
  t.ok((await client.pttl(LOCK)) > LIFE_MS)
  await tier.release('key', lockOf('mine'))
  t.equal(await client.exists(LOCK), 0)
})

t.test('nothing is extended or stored under a lock that is gone', async (t) => {
  t.equal(await tier.extend('key', lockOf('mine')), false)
  await tier.store('key', lockOf('mine'), ONE, LIFE_MS)
  t.equal(await client.dbsize(), 0)
})

t.test('storing gives the lock back, and what is stored has an end', async (t) => {
  await tier.acquire('key', lockOf('mine'), 0, null)
  await tier.store('key', lockOf('mine'), ONE, LIFE_MS)
  t.same(await client.getBuffer(ENTRY), ONE)
  const left = await client.pttl(ENTRY)
  t.ok(left > 0 && left <= LIFE_MS, `${left} ms left`)
  t.equal(await client.exists(LOCK), 0)
})

t.test('where there is no room for an entry, its lock is given back all the same', async (t) => {
  const full = await startRedis(t, { args: ['--maxmemory-policy', 'noeviction'] })
  const refusals: string[] = []
  const ignore = (): void => undefined
  const connection = { isReady: () => true, probe: () => full.client.ping(), recycle: ignore }
  const events = { away: ignore, back: ignore, refused: (reason: string) => void refusals.push(reason) }
  const tier = new RedisTier(full.client, new Guard(connection, 5000, events), 'test')
  await tier.acquire('key', lockOf('mine'), 0, null)
  await full.client.config('SET', 'maxmemory', '1')
  await tier.store('key', lockOf('mine'), ONE, LIFE_MS)
  t.match(refusals.join(), /OOM/)
  await full.client.config('SET', 'maxmemory', '0')
  t.strictSame([await full.client.exists(ENTRY), await full.client.exists(LOCK)], [0, 0])
})

t.test('a lock ends by itself', async (t) => {
  await tier.acquire('key', lockOf('mine'), 0, null)
  const left = await client.pttl(LOCK)
  t.ok(left > 0 && left <= LIFE_MS, `${left} ms left`)
})

t.test('a lock holds for those whom what its holder loads will do', async (t) => {
  t.match(await tier.acquire('key', lockOf('holder'), 0, null), { state: 'mine' })
  t.match(await tier.acquire('key', lockOf('other', { position: 9 }), 5, null), { state: 'theirs' })
  t.match(
    await tier.acquire('key', lockOf('other', { position: 9 }), 6, null),
    { state: 'mine' },
    'it began before a clear',
  )
  t.equal(await client.get(LOCK), 'log 9 other')
  t.match(
    await tier.acquire('key', lockOf('third', { epoch: 'another', position: 1 }), 0, null),
    { state: 'mine' },
    'it counts by another log',
  )
  // Positions are numbers: as texts the ninth would come after the tenth.
  await tier.acquire('key', lockOf('ninth', { position: 9 }), 0, null)
  t.match(await tier.acquire('key', lockOf('tenth', { position: 10 }), 10, null), { state: 'mine' })
})

t.test('nothing is locked where there is an entry that was not seen', async (t) => {
  await tier.set('key', ONE, LIFE_MS)
  t.same(await tier.acquire('key', lockOf('mine'), 0, null), { state: 'changed', envelope: ONE })
  t.same(await tier.acquire('key', lockOf('mine'), 0, OTHER), { state: 'changed', envelope: ONE })
  t.equal(await client.exists(LOCK), 0)
  t.match(await tier.acquire('key', lockOf('mine'), 0, ONE), { state: 'mine' })
  await client.del(LOCK, ENTRY)
  t.same(await tier.acquire('key', lockOf('mine'), 0, ONE), { state: 'changed', envelope: null })
})

t.test(
  'what would be found by a sweep, and how many keys are ours, is told by our prefix as it is',
  async (t) => {
    for (const prefix of ['we*rd[p]?', '*', '[^a]', 'a\\*', '?']) {
      await client.flushall()
      const own = ['a:1', 'a:2', 'b']
      for (const key of own) await client.set(`${prefix}:v2:${key}`, '')
      for (const foreign of [
        `x${prefix}:v2:a:3`,
        'weirdpx:v2:a:4',
        'b:v2:a:5',
        'a\\x:v2:a:6',
        'a*:v2:a:7',
        'x:v2:a:8',
      ])
        if (!foreign.startsWith(`${prefix}:v2:`)) await client.set(foreign, '')
      const tier = tierOf(prefix)
      const found = async (kind: 'pattern' | 'key', selector: string): Promise<string[]> => {
        const keys: string[] = []
        t.equal(await tier.find({ kind, selector }, (batch) => keys.push(...batch) >= 0), true)
        return keys.sort()
      }
      t.strictSame(await found('pattern', '*'), own, prefix)
      t.strictSame(await found('pattern', 'a:?'), ['a:1', 'a:2'], prefix)
      t.strictSame(await found('pattern', 'b'), ['b'], prefix)
      t.strictSame(await found('key', 'a:*'), [], 'a key is no pattern')
      t.strictSame(await found('key', 'a:1'), ['a:1'], prefix)
      t.equal((await tier.info(true))?.ownKeys, own.length, prefix)
    }
  },
)

t.test('a search ends when enough was found', async (t) => {
  await client.mset(Array.from({ length: 5000 }, (_, index) => [`test:v2:many:${index}`, '']).flat())
  let batches = 0
  t.equal(await tier.find({ kind: 'pattern', selector: 'many:*' }, () => ++batches < 2), false)
  t.equal(batches, 2)
})
