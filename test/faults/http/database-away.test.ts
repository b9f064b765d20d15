// PostgreSQL away under a service in this process: what is cached stands in, marked; all else is a 503, and input is refused as ever.
import t from 'tap'
import { createDatabase } from '../../support/databases.ts'
import { isProblem, send } from '../../support/http.ts'
import { startPostgres } from '../../support/postgres.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const LIST = '/api/v1/media/latest?limit=2'
const postgres = await startPostgres(t)
const DATABASE_URL = await createDatabase(postgres)

t.test(
  'an expired answer stands in while PostgreSQL is away, marked, with a time to live that is over',
  async (t) => {
    const service = await startService(t, {
      DATABASE_URL,
      CACHE_TTL_MEDIA: '1',
      DATABASE_STATEMENT_TIMEOUT_MS: '300',
    })
    const body = await (await service.get(LIST)).text()
    postgres.pause()
    const stale = await until(
      'it to expire',
      () => service.get(LIST),
      ({ headers }) => headers.get('x-cache') !== 'HIT',
    )
    t.strictSame([stale.status, stale.headers.get('x-cache')], [200, 'STALE'])
    t.match(stale.headers.get('cache-status'), /^barometer; hit; ttl=(0|-\d+); detail=stale$/)
    t.equal(await stale.text(), body)
    const nothing = await service.get('/api/v1/media/3')
    t.equal(nothing.status, 503, 'where there is nothing to stand in')
    t.ok(Number(nothing.headers.get('retry-after')) > 0)
    postgres.resume()
    await until(
      'it to be loaded anew',
      async () => (await service.get(LIST)).headers.get('x-cache') === 'HIT',
    )
  },
)

t.test('without a database: what is cached, else a 503 that says when to try again', async (t) => {
  const service = await startService(t, { DATABASE_URL, DATABASE_STATEMENT_TIMEOUT_MS: '1000' })
  await send(service, '/api/v1/media/latest?limit=7')
  await postgres.kill()
  for (const path of [
    '/api/v1/media/latest?limit=8',
    '/api/v1/volume',
    '/api/v1/media/1',
    '/api/v1/volume?cursor=x',
  ]) {
    const answer = await send(service, path)
    if (path.includes('cursor'))
      isProblem(t, answer, 'cursor_malformed', ['cursor'], 'input is refused all the same')
    else {
      isProblem(t, answer, 'database_unavailable', [], path)
      t.match(answer.headers['retry-after'], /^[1-9]\d*$/)
    }
  }
  const cached = await send(service, '/api/v1/media/latest?limit=7')
  t.equal(cached.status, 200)
  // As it is for the rest of a lease, then marked: what was cleared elsewhere is not known any more.
  t.match(cached.headers['x-cache'], /^(HIT|STALE)$/)
  for (const path of ['/livez', '/readyz', '/cache/stats', '/openapi.json'])
    t.equal((await send(service, path)).status, 200, path)
  await postgres.start()
  // The pool tries to connect again at intervals that grow while it fails.
  let status = 503
  for (let attempt = 0; status === 503 && attempt < 20; attempt++)
    status = (await send(service, '/api/v1/media/latest?limit=8')).status
  t.equal(status, 200, 'and over once it is back')
})
