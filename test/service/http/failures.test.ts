// When something goes wrong inside: the client learns that it did and nothing more, the log has all of it, and nothing of it is stored.
import t from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { isProblem, send } from '../../support/http.ts'

const postgres = await sharedPostgres(t)
const DATABASE_URL = await createDatabase(postgres)
const service = await startService(t, { DATABASE_URL, DATABASE_STATEMENT_TIMEOUT_MS: '1000' })
const PATHS = ['/api/v1/media/latest', '/api/v1/media/1', '/api/v1/media/sources']

t.test('a statement that is wrong is a 500 that tells nothing', async (t) => {
  const sql = service.database.pool
  // The first connection takes time of its statement's.
  t.equal((await send(service, '/api/v1/media/latest?limit=9')).status, 200)
  await sql`alter table media_articles rename to elsewhere`
  const before = await service.app.cache.stats()
  for (const path of PATHS) {
    const answer = await send(service, path, { headers: { 'x-request-id': 'trace-1' } })
    isProblem(t, answer, 'internal_error', [], path)
    t.match(service.log.at(-1), {
      level: 50,
      reqId: 'trace-1',
      err: { message: /media_articles/, stack: /\n/ },
    })
  }
  const { memory_cache_size, loads, load_failures } = await service.app.cache.stats()
  t.equal(memory_cache_size, before.memory_cache_size, 'not stored')
  t.equal(load_failures - before.load_failures, loads - before.loads)
  await sql`alter table elsewhere rename to media_articles`
  t.equal((await send(service, '/api/v1/media/latest')).status, 200, 'and over once it is mended')
})
