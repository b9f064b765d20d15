// Two instances under load while Redis is stopped for long, and two while it comes and goes each second; both at the same time.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Subject } from '../../support/fleet.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis, type TestRedis } from '../../support/redis.ts'
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.ts'
import { isAway, isBackSoon, isUsed, startLoad, startPair } from '../../support/versioned-load.ts'
import { sizeOf } from '../../support/sizes.ts'

const STOPPED_MS = sizeOf('REDIS_AWAY_SECONDS') * 1000
const FLAPS = sizeOf('REDIS_FLAPS')
const FLAP_MS = 1000
const READS = sizeOf('FAULT_READS')

const postgres = await sharedPostgres(t)
// The two stories share nothing but the machine and PostgreSQL, each with a database of its own.
t.jobs = 2

interface Scene {
  redis: TestRedis
  proxy: FaultProxy
  /** Resolves when both instances know that Redis is away. */
  away: () => Promise<void>
}

function story(name: string, act: (t: Test, scene: Scene) => Promise<void>): void {
  void t.test(name, { buffered: true }, async (t) => {
    const redis = await startRedis(t)
    const proxy = await startFaultProxy(t, redis.port)
    const fleet = await startPair(t, postgres, proxy.port)
    const load = startLoad(t, fleet, new Map<Subject, number>())
    await isUsed(fleet)
    await act(t, { redis, proxy, away: () => isAway(t, fleet) })
    await isBackSoon(t, fleet)
    await load.more(READS)
    await load.isWell(t)
  })
}

story('stopped for long', async (t, { redis, proxy, away }) => {
  redis.pause()
  await away()
  const { commands } = proxy
  await sleep(STOPPED_MS)
  t.equal(proxy.commands, commands, 'behind the open breaker no command is sent')
  redis.resume()
})

story('coming and going each second', async (t, { redis }) => {
  for (let flap = 0; flap < FLAPS; flap++) {
    // Connections that fall silent, and connections that end.
    const isKilled = flap % 2 === 1
    if (isKilled) await redis.kill()
    else redis.pause()
    await sleep(FLAP_MS)
    if (isKilled) await redis.restart()
    else redis.resume()
    if (flap < FLAPS - 1) await sleep(FLAP_MS)
  }
  t.pass(`${FLAPS} times`)
})
