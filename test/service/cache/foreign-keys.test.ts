// Keys of other applications in the same Redis survive every clear, whatever the prefix, the pattern or their names.
import fc from 'fast-check'
import { Redis } from 'ioredis'
import t from 'tap'
import { compileGlob } from '../../../src/cache/glob.ts'
import { Guard, RedisTier } from '../../../src/cache/index.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { PATIENT_REDIS, startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const SEED = 20_251_007
const redis = await sharedRedis(t)
t.beforeEach(() => redis.client.flushall())

/** Prefixes as the configuration takes them: printable ASCII without braces. */
const HOSTILE_PREFIXES = ['we*rd[p]?', '*', '[^a]', 'a\\*', 'x:v2:']
const PATTERNS = [undefined, '?*', '[^x]*', '*:*', '\\*']

/** Names that a prefix taken as a pattern, or cut off, or forgotten, would reach. */
function foreignOf(prefix: string): string[] {
  const tail = 'v2:media:list:limit=1'
  return [
    'session:1',
    'media:list:limit=1',
    tail,
    `:${tail}`,
    `${prefix}${tail}`,
    `${prefix}x:${tail}`,
    `x${prefix}:${tail}`,
    `${prefix}:v2:media:list:limit=1`,
    `${prefix.replaceAll('*', 'xyz')}x:${tail}`,
    `${prefix.replace(/[*?]/g, 'y').replace(/\[.*?\]/g, 'p')}:${tail}x`,
    `${prefix.replaceAll('\\', '')}!:${tail}`,
    `${prefix.slice(1)}:${tail}`,
    'weirdpx:v2:media:list:limit=1',
  ].filter((key) => key !== '' && !key.startsWith(`${prefix}:v2:`))
}

t.test('over HTTP, with prefixes that are patterns', async (t) => {
  const postgres = await sharedPostgres(t)
  const database = await createDatabase(postgres)
  for (const prefix of HOSTILE_PREFIXES) {
    await redis.client.flushall()
    const foreign = [...new Set(foreignOf(prefix))].sort()
    for (const key of foreign) await redis.client.set(key, 'foreign')
    const service = await startService(t, {
      DATABASE_URL: database,
      REDIS_URL: redis.url,
      CACHE_PREFIX: prefix,
      ...PATIENT_REDIS,
    })
    const own = `${prefix}:v2:media:list:limit=1&order=desc`
    for (const pattern of PATTERNS) {
      await service.get('/api/v1/media/latest?limit=1')
      await until('ours in Redis', () => redis.client.exists(own))
      const url = `/cache/clear${pattern === undefined ? '' : `?pattern=${encodeURIComponent(pattern)}`}`
      const response = await service.app.inject({ method: 'DELETE', url })
      const isOurs = compileGlob(pattern ?? '*')('media:list:limit=1&order=desc')
      t.equal(response.json<{ deleted: number }>().deleted, isOurs ? 1 : 0, `${prefix} ${pattern ?? ''}`)
      const left = (await redis.client.keys('*')).filter((key) => key !== own)
      t.strictSame(left.sort(), foreign)
      t.equal(await redis.client.exists(own), isOurs ? 0 : 1)
    }
    await service.close()
  }
})

t.test('with any prefix, any pattern and any other keys', async (t) => {
  const client = new Redis({ port: redis.port })
  t.teardown(() => client.disconnect())
  const ignore = () => undefined
  const guard = new Guard({ isReady: () => true, probe: () => client.ping(), recycle: ignore }, 5000, {
    away: ignore,
    back: ignore,
    refused: ignore,
  })
  const unit = fc.constantFrom('a', 'b', 'v', '1', ':', '*', '?', '[', ']', '^', '-', '\\')
  const text = (maxLength: number) => fc.string({ unit, minLength: 1, maxLength })
  const property = fc.asyncProperty(
    text(6),
    text(6),
    fc.uniqueArray(text(4), { maxLength: 8 }),
    fc.uniqueArray(text(12), { maxLength: 12 }),
    async (prefix, pattern, keys, others) => {
      const begin = `${prefix}:v2:`
      const foreign = others.filter((key) => !key.startsWith(begin))
      await redis.client.flushall()
      await redis.client.mset([
        'always:foreign',
        '',
        ...[...foreign, ...keys.map((key) => begin + key)].flatMap((key) => [key, '']),
      ])
      const matching = keys.filter(compileGlob(pattern))
      const found: string[] = []
      const tier = new RedisTier(client, guard, prefix)
      const sweep = await tier.sweep({ kind: 'pattern', selector: pattern }, (batch) =>
        Promise.resolve(void found.push(...batch)),
      )
      const left = new Set(await redis.client.keys('*'))
      const isRight =
        sweep.complete &&
        sweep.removed === matching.length &&
        found.sort().join('\n') === matching.sort().join('\n') &&
        foreign.every((key) => left.has(key)) &&
        keys.every((key) => left.has(begin + key) !== matching.includes(key))
      if (!isRight)
        throw new Error(`removed ${found.join()}, not ${matching.join()}; left ${[...left].join()}`)
    },
  )
  await fc.assert(property, { seed: SEED, numRuns: 500 })
})
