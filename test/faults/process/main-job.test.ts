// The main job from end to end, as processes, with a Redis that is killed on the way.
import t from 'tap'
import { mainJob } from '../../support/main-job.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'

t.test('with a Redis that is killed on the way', async (t) => {
  const [postgres, redis] = [await sharedPostgres(t), await startRedis(t)]
  await mainJob(t, postgres, { REDIS_URL: redis.url }, () => redis.kill('SIGKILL'))
})
