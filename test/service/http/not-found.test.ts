// "There is no such thing" is cached for a moment, like any answer: judged, cleared, over in time, and never a stand-in.
import t from 'tap'
import { jsonOf } from '../../support/answers.ts'
import { sharedRedis } from '../../support/redis.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import { isProblem, send, startFilledDatabase, writeUnannounced } from '../../support/http.ts'

const url = await startFilledDatabase(t)
const redis = await sharedRedis(t)

async function loads(service: TestService): Promise<number> {
  const { cache } = jsonOf<{ cache: { loads: number } }>(await send(service, '/cache/stats'))
  return cache.loads
}

t.test('asked again, PostgreSQL is not', async (t) => {
  const service = await startService(t, { DATABASE_URL: url, REDIS_URL: redis.url, ...PATIENT_REDIS })
  const paths = {
    '/api/v1/media/999999': 'unknown_article',
    '/api/v1/volume?symbol=NOPE': 'unknown_symbol',
    '/api/v1/media/latest?source=nope': 'unknown_source',
    '/api/v1/score/latest?symbol=TINY': 'no_score',
  } as const
  for (const [path, code] of Object.entries(paths)) {
    const before = await loads(service)
    const answers = [await send(service, path), await send(service, path), await send(service, path)]
    for (const answer of answers) isProblem(t, answer, code)
    const ids = answers.map(({ body }) => (JSON.parse(body) as { request_id: string }).request_id)
    t.equal(new Set(ids).size, 3, 'each is of its own request')
    t.equal(await loads(service), before + 1, path)
  }
  t.strictSame(await redis.client.keys('*'), [], 'in memory alone')
})

t.test('it is over with a clear, and by itself', async (t) => {
  const service = await startService(t, { DATABASE_URL: url, CACHE_TTL_NOT_FOUND: '1' })
  const path = '/api/v1/media/latest?source=late-comer'
  isProblem(t, await send(service, path), 'unknown_source')
  await writeUnannounced(service, `insert into media_sources (code, name) values ('late-comer', 'Late')`)
  isProblem(t, await send(service, path), 'unknown_source')
  await send(service, '/cache/clear?tag=source:late-comer', { method: 'DELETE' })
  t.equal((await send(service, path)).status, 200)

  const other = '/api/v1/media/latest?source=later'
  isProblem(t, await send(service, other), 'unknown_source')
  await writeUnannounced(service, `insert into media_sources (code, name) values ('later', 'Later')`)
  const began = performance.now()
  while ((await send(service, other)).status === 404) {
    if (performance.now() - began > 5000) throw new Error('it is kept for longer than a second')
  }
  t.pass(`after ${Math.round(performance.now() - began)} ms`)
})
