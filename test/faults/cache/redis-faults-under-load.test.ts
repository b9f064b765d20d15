// Two instances under load while Redis is lost, half lost, answers rubbish, refuses, forgets or comes back with the past: answers are right and in time.
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis, type TestRedis } from '../../support/redis.ts'
import type { Fleet, Subject } from '../../support/fleet.ts'
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.ts'
import { until } from '../../support/until.ts'
import { isAway, isBackSoon, isUsed, startLoad, startPair, type Load } from '../../support/versioned-load.ts'
import { sizeOf } from '../../support/sizes.ts'

/** So many reads show what a fault does. */
const READS = sizeOf('FAULT_READS')
const postgres = await sharedPostgres(t)
// Two pairs, each with a Redis and a database of its own, and stories one after the other.
t.jobs = 1

interface Stage {
  redis: TestRedis
  proxy: FaultProxy
  fleet: Fleet
}

interface Story {
  name: string
  act: (t: Test, stage: Stage, load: Load) => Promise<void>
}

function tell(title: string, stories: Story[]): void {
  void t.test(title, { buffered: true }, async (t) => {
    const redis = await startRedis(t, { args: ['--dbfilename', 'old.rdb'] })
    const proxy = await startFaultProxy(t, redis.port)
    const fleet = await startPair(t, postgres, proxy.port)
    const versions = new Map<Subject, number>()
    for (const { name, act } of stories)
      await t.test(name, async (t) => {
        const load = startLoad(t, fleet, versions)
        await isUsed(fleet)
        await act(t, { redis, proxy, fleet }, load)
        await load.more(READS)
        await load.isWell(t)
      })
  })
}

/** Redis is away until it is mended, and once that is known nobody asks it anything. */
function lost(name: string, lose: (stage: Stage) => unknown, mend: (stage: Stage) => unknown): Story {
  const act: Story['act'] = async (t, stage, load) => {
    await lose(stage)
    await isAway(t, stage.fleet)
    const { commands } = stage.proxy
    await load.more(READS)
    t.equal(stage.proxy.commands, commands, 'behind the open breaker no command is sent')
    await mend(stage)
    await isBackSoon(t, stage.fleet)
  }
  return { name, act }
}

/** How often Redis has answered with this error. */
async function errors({ redis }: Stage, name: string): Promise<number> {
  const stats = await redis.client.info('errorstats')
  return Number(new RegExp(`errorstat_${name}:count=(\\d+)`).exec(stats)?.[1] ?? 0)
}

/** Redis goes on answering, some of it with this error. */
function trouble(
  name: string,
  error: string,
  begin: (stage: Stage, load: Load) => unknown,
  end: (stage: Stage) => unknown = () => undefined,
): Story {
  const act: Story['act'] = async (t, stage, load) => {
    const before = await errors(stage, error)
    await begin(stage, load)
    await load.more(READS)
    t.ok((await errors(stage, error)) > before, `it did answer ${error}`)
    await end(stage)
    await isBackSoon(t, stage.fleet)
  }
  return { name, act }
}

/** None is what the protocol allows, or what was asked for. */
const RUBBISH: Record<string, (answer: Buffer) => Buffer> = {
  'random bytes': ({ length }) => randomBytes(Math.max(length, 64)),
  'another protocol': () => Buffer.from('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'),
  'a text of a gigabyte, announced': () => Buffer.from('$1073741824\r\nx'),
  'a list of a billion, announced': () => Buffer.from('*1000000000\r\n'),
  'lists in lists': () => Buffer.from('*1\r\n'.repeat(10_000)),
  'no length at all': () => Buffer.from('$x\r\n\r\n'),
}

/** What may stand at our keys, entries and locks. */
const FOREIGN: ((client: Redis, key: string, bytes: Buffer | null) => Promise<unknown>)[] = [
  (client, key) => client.multi().del(key).rpush(key, 'x').exec(),
  (client, key) => client.multi().del(key).hset(key, 'field', 'x').exec(),
  (client, key, bytes) => client.set(key, (bytes ?? Buffer.alloc(9)).subarray(0, -1)),
  (client, key, bytes) => client.set(key, (bytes ?? Buffer.alloc(99)).subarray(0, 20)),
  (client, key) => client.set(key, ''),
]

const ENTRIES = 'barometer:v2:media:*'

tell('lost', [
  lost(
    'killed, started again',
    ({ redis }) => redis.kill(),
    ({ redis }) => redis.restart(),
  ),
  lost(
    'hung, woken: what was sent before comes to be done',
    ({ redis }) => redis.pause(),
    ({ redis }) => redis.resume(),
  ),
  lost(
    'half-open: commands arrive and are done, answers are lost',
    ({ proxy }) => proxy.loseAnswers(),
    ({ proxy }) => proxy.forward(),
  ),
  lost(
    'half-open: commands are lost',
    ({ proxy }) => proxy.loseRequests(),
    ({ proxy }) => proxy.forward(),
  ),
  {
    name: 'killed, and started with an old RDB',
    act: async (t, { redis, fleet }, load) => {
      const entries = (): Promise<string[]> => redis.client.keys(ENTRIES)
      // Looked at and saved in one go, or a clear would come in between.
      await until('entries, in the file too', async () => {
        if ((await entries()).length < 8) return false
        const [found] = (await redis.client.pipeline().keys(ENTRIES).save().exec()) ?? []
        return (found?.[1] as string[]).length > 0
      })
      // Until clears have made much of it old.
      await load.more(READS)
      await redis.kill()
      await isAway(t, fleet)
      await load.more(READS)
      await redis.restart()
      t.match(await redis.client.info('persistence'), /rdb_last_load_keys_loaded:[1-9]/, 'the past is back')
      await isBackSoon(t, fleet)
    },
  },
])

tell('there, and of no use', [
  ...Object.entries(RUBBISH).map(([name, bytes]) =>
    lost(
      `rubbish in place of answers: ${name}`,
      ({ proxy }) => proxy.answerWith(bytes),
      ({ proxy }) => proxy.forward(),
    ),
  ),
  trouble(
    'full, and told to evict nothing',
    'OOM',
    ({ redis }) => redis.client.config('SET', 'maxmemory', '1'),
    ({ redis }) => redis.client.config('SET', 'maxmemory', '0'),
  ),
  trouble(
    'a replica, which takes no writes',
    'READONLY',
    ({ redis }) => redis.client.replicaof('127.0.0.1', 1),
    ({ redis }) => redis.client.replicaof('NO', 'ONE'),
  ),
  trouble('emptied again and again, its scripts too', 'NOSCRIPT', async ({ redis }, load) => {
    for (let round = 0; round < 20; round++) {
      await redis.client.flushall()
      await redis.client.script('FLUSH')
      await load.more(READS / 10)
    }
  }),
  trouble('values of the wrong type, and values cut off', 'WRONGTYPE', async ({ redis }, load) => {
    for (let round = 0; round < 40; round++) {
      const keys = await redis.client.keys('barometer:*')
      await Promise.all(
        keys.map(async (key, index) => {
          const bytes = await redis.client.getBuffer(key).catch(() => null)
          await FOREIGN[(round + index) % FOREIGN.length]!(redis.client, key, bytes)
        }),
      )
      await load.more(READS / 20)
    }
  }),
])
