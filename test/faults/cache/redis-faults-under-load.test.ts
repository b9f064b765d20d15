// Two instances under load while Redis is lost, half lost, answers rubbish, refuses, forgets or comes back with the past: answers are right and in time.
import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import type { Subject } from '../../support/fleet.ts'
import { startFaultProxy } from '../../support/fault-proxy.ts'
import { until } from '../../support/until.ts'
import { isAway, isBackSoon, isUsed, startLoad, startPair, type Load } from '../../support/versioned-load.ts'
import { sizeOf } from '../../support/sizes.ts'

const postgres = await sharedPostgres(t)
const redis = await startRedis(t, { args: ['--dbfilename', 'old.rdb'] })
const proxy = await startFaultProxy(t, redis.port)
const fleet = await startPair(t, postgres, proxy.port)
const versions = new Map<Subject, number>()
/** So many reads show what a fault does. */
const READS = sizeOf('FAULT_READS')

function story(name: string, act: (t: Test, load: Load) => Promise<void>): void {
  t.test(name, async (t) => {
    const load = startLoad(t, fleet, versions)
    await isUsed(fleet)
    await act(t, load)
    await load.more(READS)
    await load.isWell(t)
  })
}

/** Redis is away until it is mended, and once that is known nobody asks it anything. */
function lostStory(name: string, lose: () => unknown, mend: () => unknown): void {
  story(name, async (t, load) => {
    await lose()
    await isAway(t, fleet)
    const { commands } = proxy
    await load.more(READS)
    t.equal(proxy.commands, commands, 'behind the open breaker no command is sent')
    await mend()
    await isBackSoon(t, fleet)
  })
}

/** How often Redis has answered with this error. */
async function errors(name: string): Promise<number> {
  const stats = await redis.client.info('errorstats')
  return Number(new RegExp(`errorstat_${name}:count=(\\d+)`).exec(stats)?.[1] ?? 0)
}

/** Redis goes on answering, some of it with this error. */
function troubleStory(
  name: string,
  error: string,
  begin: (load: Load) => unknown,
  end: () => unknown = () => undefined,
): void {
  story(name, async (t, load) => {
    const before = await errors(error)
    await begin(load)
    await load.more(READS)
    t.ok((await errors(error)) > before, `it did answer ${error}`)
    await end()
    await isBackSoon(t, fleet)
  })
}

lostStory(
  'killed, started again',
  () => redis.kill(),
  () => redis.restart(),
)
lostStory(
  'hung, woken: what was sent before comes to be done',
  () => redis.pause(),
  () => redis.resume(),
)
lostStory(
  'half-open: commands arrive and are done, answers are lost',
  () => proxy.loseAnswers(),
  () => proxy.forward(),
)
lostStory(
  'half-open: commands are lost',
  () => proxy.loseRequests(),
  () => proxy.forward(),
)

/** None is what the protocol allows, or what was asked for. */
const rubbish: Record<string, (answer: Buffer) => Buffer> = {
  'random bytes': ({ length }) => randomBytes(Math.max(length, 64)),
  'another protocol': () => Buffer.from('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'),
  'a text of a gigabyte, announced': () => Buffer.from('$1073741824\r\nx'),
  'a list of a billion, announced': () => Buffer.from('*1000000000\r\n'),
  'lists in lists': () => Buffer.from('*1\r\n'.repeat(10_000)),
  'no length at all': () => Buffer.from('$x\r\n\r\n'),
}
for (const [name, bytes] of Object.entries(rubbish))
  lostStory(
    `rubbish in place of answers: ${name}`,
    () => proxy.answerWith(bytes),
    () => proxy.forward(),
  )

troubleStory(
  'full, and told to evict nothing',
  'OOM',
  () => redis.client.config('SET', 'maxmemory', '1'),
  () => redis.client.config('SET', 'maxmemory', '0'),
)
troubleStory(
  'a replica, which takes no writes',
  'READONLY',
  () => redis.client.replicaof('127.0.0.1', 1),
  () => redis.client.replicaof('NO', 'ONE'),
)
troubleStory('emptied again and again, its scripts too', 'NOSCRIPT', async (load) => {
  for (let round = 0; round < 20; round++) {
    await redis.client.flushall()
    await redis.client.script('FLUSH')
    await load.more(READS / 10)
  }
})

/** What may stand at our keys, entries and locks. */
const FOREIGN: ((key: string, bytes: Buffer | null) => Promise<unknown>)[] = [
  (key) => redis.client.multi().del(key).rpush(key, 'x').exec(),
  (key) => redis.client.multi().del(key).hset(key, 'field', 'x').exec(),
  (key, bytes) => redis.client.set(key, (bytes ?? Buffer.alloc(9)).subarray(0, -1)),
  (key, bytes) => redis.client.set(key, (bytes ?? Buffer.alloc(99)).subarray(0, 20)),
  (key) => redis.client.set(key, ''),
]
troubleStory('values of the wrong type, and values cut off', 'WRONGTYPE', async (load) => {
  for (let round = 0; round < 40; round++) {
    const keys = await redis.client.keys('barometer:*')
    await Promise.all(
      keys.map(async (key, index) => {
        const bytes = await redis.client.getBuffer(key).catch(() => null)
        await FOREIGN[(round + index) % FOREIGN.length]!(key, bytes)
      }),
    )
    await load.more(READS / 20)
  }
})

const ENTRIES = 'barometer:v2:media:*'

story('killed, and started with an old RDB', async (t, load) => {
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
})
