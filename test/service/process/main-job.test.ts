// The main job from end to end, as processes, without Redis and with it.
import t from 'tap'
import { mainJob } from '../../support/main-job.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'

const postgres = await sharedPostgres(t)

t.test('without Redis', (t) => mainJob(t, postgres, {}))

t.test('with Redis', async (t) => {
  const redis = await sharedRedis(t)
  await mainJob(t, postgres, { REDIS_URL: redis.url })
})
