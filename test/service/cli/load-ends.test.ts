// `load`, where the file is cut off, the database is another one, or the work is interrupted: it says what was kept, and where.
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { runCommand, startCommand } from '../../support/commands.ts'
import { article, ndjson, startLoadingDatabase } from '../../support/loading.ts'

const SCORE_LOCK = 0x73636f72
const database = await startLoadingDatabase(t)
const { server, pool } = database
const ENVIRONMENT = { DATABASE_URL: server.url }

t.test('a gzip that ends early: one plain line, nothing kept', async (t) => {
  const packed = gzipSync(ndjson(Array.from({ length: 200 }, (_, number) => article(number)))).subarray(0, 40)
  t.match(await runCommand(t, ['load', 'articles', '-'], ENVIRONMENT, packed), {
    code: 1,
    stdout: '',
    stderr: /^error: the input could not be read to its end: the gzip ends early; nothing was loaded\n$/,
  })
})

t.test('no embedded database is made unless told to', async (t) => {
  const DATA_DIR = t.testdir()
  for (const args of [['load', 'articles', '-'], ['migrate'], ['rescore']])
    t.match(await runCommand(t, args, { DATA_DIR }, ndjson([article(1)])), {
      code: 1,
      stdout: '',
      stderr: `error: there is no database in ${DATA_DIR}: give this command the DATABASE_URL or DATA_DIR of the service`,
    })
})

t.test('Ctrl-C while the scores are computed: the data are kept, and it says so', async (t) => {
  const other = await server.sql.reserve()
  await other`select pg_advisory_lock(${SCORE_LOCK})`
  const command = startCommand(t, ['load', 'articles', '-'], ENVIRONMENT)
  command.stdin.end(ndjson([article(1, { sentiment_score: 0.5 })]))
  const waiting = () => server.sql`
    select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`
  while ((await waiting()).length === 0) await wait(10)
  command.signal('SIGINT')
  t.match(await command.ended, {
    code: 130,
    stdout: /inserted 1/,
    stderr: /^interrupted; the data are loaded, their scores are not computed/,
  })
  await other`select pg_advisory_unlock(${SCORE_LOCK})`
  other.release()
  t.match(await pool`select count(*) from media_articles`, [{ count: 1 }])
})
