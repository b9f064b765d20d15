// A lock that Redis comes to grant when nobody waits for it any more, as after a hang, is nobody's.
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { Guard, RedisTier } from '../../../src/cache/index.ts'
import { startRedis } from '../../support/redis.ts'

const LIMIT_MS = 500
const redis = await startRedis(t)
const ignore = (): void => undefined

async function connected(): Promise<{ client: Redis; tier: RedisTier }> {
  const client = new Redis({
    port: redis.port,
    lazyConnect: true,
    retryStrategy: () => null,
    disconnectTimeout: 100,
  })
  client.on('error', ignore)
  t.teardown(() => client.disconnect())
  await client.connect()
  const connection = { isReady: () => client.status === 'ready', probe: () => client.ping(), recycle: ignore }
  const guard = new Guard(connection, LIMIT_MS, { away: ignore, back: ignore, refused: ignore })
  return { client, tier: new RedisTier(client, guard, 'test') }
}

const lockOf = (token: string) => ({ epoch: 'e', position: 1, token, lifeMs: 60_000 })

t.test('asked for on a connection that was given up while Redis hung', async (t) => {
  const { client, tier } = await connected()
  // By the first answer it knows the clock of Redis.
  t.match(await tier.acquire('a', lockOf('first'), 1, null), { state: 'mine' })
  redis.pause()
  const given = await tier.acquire('b', lockOf('given up'), 1, null)
  t.equal(typeof given, 'symbol', 'no answer in time')
  client.disconnect()
  // What is known of the clock of Redis is off by half of the way there and back.
  await sleep(LIMIT_MS)
  redis.resume()
  const { tier: next } = await connected()
  t.match(await next.acquire('b', lockOf('next'), 1, null), { state: 'mine' }, 'it is free')
})
