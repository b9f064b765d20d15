// A PostgreSQL that refuses connections is known to be away at once: no cold read waits for a limit, or for the pause before the next attempt.
import t from 'tap'
import { createDatabase } from '../../support/databases.ts'
import { isProblem, send } from '../../support/http.ts'
import { startPostgres } from '../../support/postgres.ts'
import { startService } from '../../support/service.ts'

const READS = 20
/** A pause before each attempt to connect, or a limit that is waited for, is a second at least. */
const EACH_MS = 500

t.test('cold reads, one after the other and side by side', async (t) => {
  const postgres = await startPostgres(t)
  const service = await startService(t, {
    DATABASE_URL: await createDatabase(postgres),
    DATABASE_STATEMENT_TIMEOUT_MS: '60000',
  })
  await postgres.kill()
  let offset = 0
  const read = async (): Promise<void> =>
    isProblem(t, await send(service, `/api/v1/media/latest?offset=${++offset}`), 'database_unavailable')
  // The first ones find it out.
  await read()
  const began = performance.now()
  for (let times = 0; times < READS; times++) await read()
  await Promise.all(Array.from({ length: READS }, read))
  const ms = performance.now() - began
  t.ok(ms < READS * EACH_MS, `${2 * READS} reads took ${Math.round(ms)} ms`)
})
