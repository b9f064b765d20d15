// A start that fails: it says why in one line, and leaves nothing behind that a clear would wait for.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { buildApp } from '../../../src/app.ts'
import { loadConfig } from '../../../src/config.ts'
import { openDatabase } from '../../../src/db/client.ts'
import { createDatabase } from '../../support/databases.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startServiceProcess } from '../../support/processes.ts'
import { program, ROOT } from '../../support/root.ts'

const postgres = await sharedPostgres(t)
const DATABASE_URL = await createDatabase(postgres)

/** Starts the service, which is to end: its exit code, and what it wrote. */
async function failedStart(
  environment: Record<string, string>,
): Promise<{ code: number | null; errors: string; log: string }> {
  const { DATABASE_URL: _url, REDIS_URL: _redis, ...rest } = process.env
  const child = spawn(process.execPath, program('src/server'), {
    cwd: ROOT,
    env: { ...rest, DATABASE_URL, CACHE_WARM_KEYS: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk))
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (log += chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, errors, log }
}

t.test('a port that is taken: nothing is opened, and the message says how to take another', async (t) => {
  const first = await startServiceProcess(t, { DATABASE_URL })
  const { port } = new URL(first.url)
  const { code, errors, log } = await failedStart({ PORT: port })
  t.equal(code, 1)
  t.match(errors, `barometer: port ${port} of 127.0.0.1 is taken`)
  t.match(errors, `PORT=${Number(port) + 1}, or PORT=0`)
  t.equal(errors.trim().split('\n').length, 1, 'one line, and no stack')
  t.equal(log, '', 'before it did anything')
  const cleared = await fetch(`${first.url}/cache/clear`, { method: 'DELETE' })
  t.match(await cleared.json(), { instances: { confirmed: 1, expired: [] } }, 'nobody else is on the list')
})

t.test('a service that cannot be built leaves the fleet that it had joined', async (t) => {
  const url = await createDatabase(postgres)
  const database = openDatabase({ url, poolMax: 4, statementTimeoutMs: 5000 })
  t.teardown(() => database.close())
  const config = Object.defineProperty(
    loadConfig({ DATABASE_URL: url, LOG_LEVEL: 'silent' }),
    'DASHBOARD_MAX_CLIENTS',
    {
      get: () => {
        throw new Error('not to be had')
      },
    },
  )
  await t.rejects(buildApp(config, database), { message: 'not to be had' })
  const rows = await database.pool<{ count: number }[]>`select count(*)::int as count from cache_members`
  t.equal(rows[0]?.count, 0)
})
