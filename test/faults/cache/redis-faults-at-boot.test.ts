// Two instances that start, under load from then on, while Redis is down, silent or answers rubbish: they do without, and take it into use when it is well.
import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis, type TestRedis } from '../../support/redis.ts'
import { PATIENT_REDIS } from '../../support/service.ts'
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.ts'
import { isBackSoon, startLoad, startPair } from '../../support/versioned-load.ts'
import { sizeOf } from '../../support/sizes.ts'

const postgres = await sharedPostgres(t)
const READS = sizeOf('BOOT_READS')
// The stories share nothing but the machine and PostgreSQL, each with a database of its own.
t.jobs = 1

interface Way {
  redis: TestRedis
  proxy: FaultProxy
}

function story(name: string, lose: (way: Way) => unknown, mend: (way: Way) => unknown): void {
  void t.test(name, { buffered: true }, async (t: Test) => {
    const redis = await startRedis(t)
    const proxy = await startFaultProxy(t, redis.port)
    await lose({ redis, proxy })
    // What is away at the start is known as that without a command, and what is slow afterwards is not to be taken for away.
    const fleet = await startPair(t, postgres, proxy.port, PATIENT_REDIS)
    const load = startLoad(t, fleet, new Map())
    await load.more(READS)
    t.equal(proxy.commands, 0, 'nobody asks it anything')
    await mend({ redis, proxy })
    await isBackSoon(t, fleet)
    await load.more(READS)
    await load.isWell(t)
    for (const { lines } of fleet.instances) {
      const ofRedis = lines.filter((line) => line.startsWith('Redis')).map((line) => line.split(';')[0])
      t.strictSame(ofRedis, ['Redis is away', 'Redis is back'], 'one line a change')
    }
  })
}

story(
  'down',
  ({ redis }) => redis.kill(),
  ({ redis }) => redis.restart(),
)
story(
  'accepting, and silent',
  ({ redis }) => redis.pause(),
  ({ redis }) => redis.resume(),
)
story(
  'answering rubbish',
  ({ proxy }) => proxy.answerWith(() => randomBytes(64)),
  ({ proxy }) => proxy.forward(),
)
