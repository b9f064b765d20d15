// Many keys that nobody asks for twice: memory stays within its budget, Redis keeps only what may be worth it, and every key there has an end.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { program } from '../../support/root.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { LOCK_LIFE_MS } from '../../../src/cache/fleet-load.ts'
import { POLICY, STALE_SECONDS } from '../../support/life.ts'
import type { ManyKeysPlan, ManyKeysResult } from './many-keys.ts'
import { sizeOf } from '../../support/sizes.ts'

const MIB = 1024 * 1024
const KEYS = sizeOf('KEYS')
const MEASURED_EVERY = KEYS / 10
/** From here on everything is as full as it gets. */
const FULL_AFTER = 0.3 * KEYS
/** What the collector, the allocator and the driver may differ by. */
const SWAY = 24 * MIB
const REDIS_MAX = 32 * MIB
/** What PTTL says of a key that stays. */
const NO_END = -1

const postgres = await sharedPostgres(t)
const redis = await startRedis(t, {
  args: ['--maxmemory', String(REDIS_MAX), '--maxmemory-policy', 'allkeys-lru'],
})
const plan: ManyKeysPlan = {
  database: await createDatabase(postgres),
  redisPort: redis.port,
  keys: KEYS,
  dateEvery: 20,
  measuredEvery: MEASURED_EVERY,
  memoryMaxBytes: 16 * MIB,
}

/** Keys in Redis, and the milliseconds that each has left. */
async function storedKeys(): Promise<{ keys: string[]; left: number[] }> {
  const keys: string[] = []
  const left: number[] = []
  let cursor = '0'
  do {
    const [after, found] = await redis.client.scan(cursor, 'COUNT', 5000)
    cursor = after
    keys.push(...found)
    const pipeline = redis.client.pipeline()
    for (const key of found) pipeline.pttl(key)
    left.push(...((await pipeline.exec()) ?? []).map(([, milliseconds]) => Number(milliseconds)))
  } while (cursor !== '0')
  return { keys, left }
}

t.test(`${KEYS} distinct keys`, async (t) => {
  const child = spawn(process.execPath, [...program('test/service/cache/many-keys'), JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [printed] = await Promise.all([text(child.stdout), once(child, 'close')])
  const { resident, inMemory, notMissed } = JSON.parse(printed) as ManyKeysResult
  t.equal(notMissed, 0)
  t.equal(resident.length, plan.keys / MEASURED_EVERY)
  const full = resident[FULL_AFTER / MEASURED_EVERY - 1]!
  const most = Math.max(...resident.slice(FULL_AFTER / MEASURED_EVERY))
  const megabytes = resident.map((bytes) => Math.round(bytes / MIB)).join(' ')
  t.ok(most - full < SWAY, `resident, in MiB after each ${MEASURED_EVERY}: ${megabytes}`)
  t.ok(Math.max(...inMemory) <= plan.memoryMaxBytes)
  t.ok(inMemory.at(-1)! > plan.memoryMaxBytes * 0.95, 'and the budget is used')

  const used = Number(/^used_memory:(\d+)/m.exec(await redis.client.info('memory'))![1])
  t.ok(used < REDIS_MAX * 1.1, `${used} bytes in Redis`)
  const { keys, left } = await storedKeys()
  const cursors = keys.filter((key) => key.includes('cursor='))
  t.ok(
    keys.length - cursors.length > KEYS / 100,
    `${keys.length} keys in Redis, ${cursors.length} of them cursors`,
  )
  // One in a hundred is taken for another that came before.
  t.ok(cursors.length < plan.keys / 50)
  t.notOk(left.includes(NO_END), 'each has an end')
  // Locks end within a second, and some are gone since they were found.
  const entries = left.filter((milliseconds) => milliseconds > LOCK_LIFE_MS)
  const [shortest, longest] = [Math.min(...entries), Math.max(...entries)]
  t.ok(longest <= (POLICY.ttlSeconds + STALE_SECONDS) * 1000)
  t.ok(longest - shortest > POLICY.ttlSeconds * 100 * 0.5, 'and not all the same')
})
