// The log at its most talkative: whatever goes wrong, no key, cursor, query string or password is in it, and each line names its request.
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { jsonOf } from '../../support/answers.ts'
import { openPool } from '../../../src/db/client.ts'
import { load } from '../../../src/loading/load.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startServiceProcess } from '../../support/processes.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService, type LogLine, type TestService } from '../../support/service.ts'
import { articles } from '../../support/articles.ts'
import { send } from '../../support/http.ts'
import { until } from '../../support/until.ts'

const GOOD_KEY = 'good-key-4711'
const SECRETS = {
  key: GOOD_KEY,
  wrongKey: 'wrong-key-4712',
  basic: Buffer.from('user:basic-4713').toString('base64'),
  cookie: 'cookie-4714',
  inQuery: 'query-4715',
  databasePassword: 'database-4716',
  newDatabasePassword: 'database-4717',
  redisPassword: 'redis-4718',
  wrongRedisPassword: 'redis-4719',
}
const postgres = await sharedPostgres(t)
const API_KEYS = `tests:stats+ops+read:${createHash('sha256').update(GOOD_KEY).digest('hex')}`
const DEBUG = { LOG_LEVEL: 'debug', API_KEYS, REQUIRE_READ_KEY: 'true' }

/** A database of a role of its own, whose password is in the URL. */
async function databaseWithPassword(): Promise<{ url: string; role: string }> {
  const url = new URL(await createDatabase(postgres))
  const role = `reader_${url.pathname.slice(-8)}`
  await postgres.sql.unsafe(`create role ${role} superuser login password '${SECRETS.databasePassword}'`)
  url.username = role
  url.password = SECRETS.databasePassword
  return { url: url.href, role }
}

function holdsNoSecret(t: Test, text: string, cursor?: string): void {
  t.ok(text.length > 0, 'there is a log')
  const found = Object.entries({ ...SECRETS, ...(cursor === undefined ? {} : { cursor }) })
    .filter(([, secret]) => text.includes(secret) || text.includes(encodeURIComponent(secret)))
    .map(([name]) => name)
  t.strictSame(found, [], 'secrets in the log')
}

/** Of the service rather than of a request: what it does in the background, whenever it happens to. */
const OF_THE_SERVICE = /^(Redis |PostgreSQL is away|Server listening|scores could not be computed)/

function namesRequests(t: Test, log: LogLine[]): void {
  t.strictSame(
    log.filter(({ reqId, msg }) => typeof reqId !== 'string' && !OF_THE_SERVICE.test(msg)),
    [],
    'each line names its request',
  )
}

function lastError({ log }: TestService): LogLine | undefined {
  return log.findLast(({ level }) => level === 50)
}

/** Requests with every kind of secret in every place, good and bad; the cursor among them. */
async function talk(service: TestService): Promise<string> {
  const query = `api_key=${SECRETS.inQuery}`
  const headers = { 'x-api-key': GOOD_KEY, cookie: `session=${SECRETS.cookie}` }
  const first = await send(service, '/api/v1/media/latest?limit=1', { headers })
  const { pagination } = jsonOf<{ pagination: { next_cursor: string } }>(first)
  const cursor = pagination.next_cursor
  for (const path of [
    `/api/v1/media/latest?limit=1&cursor=${cursor}&${query}`,
    `/api/v1/media/latest?limit=1&cursor=${cursor}`,
    `/api/v1/media/latest?cursor=${cursor}x`,
    `/api/v1/volume?cursor=${cursor}`,
    `/nowhere?${query}&cursor=${cursor}`,
    `/%zz?${query}`,
    `/cache/stats?${query}`,
    `/livez?${query}${'x'.repeat(20_000)}`,
  ]) {
    for (const headers of [
      { authorization: `Bearer ${GOOD_KEY}` },
      { 'x-api-key': GOOD_KEY, cookie: `session=${SECRETS.cookie}` },
      { authorization: `Bearer ${SECRETS.wrongKey}` },
      { authorization: `Basic ${SECRETS.basic}` },
    ])
      await send(service, path, { headers })
  }
  const key = encodeURIComponent(`media:list:cursor=${cursor}&limit=1&order=desc`)
  for (const path of [`/cache/clear?key=${key}`, '/cache/clear?pattern=media:*'])
    await send(service, path, { method: 'DELETE', headers })
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  socket.resume().end(`GET /?${query} HTTP/1.1\r\nno colon ${SECRETS.wrongKey}\r\n\r\n`)
  await once(socket, 'close')
  return cursor
}

async function loadArticles(url: string): Promise<void> {
  const pool = openPool(url, { max: 1 })
  const lines = articles.map((article) => `${JSON.stringify(article)}\n`).join('')
  await load({ pool, kind: 'articles', input: Readable.from([Buffer.from(lines)]) })
  await pool.end()
}

t.test('requests with keys, cursors and query strings', async (t) => {
  const { url } = await databaseWithPassword()
  await loadArticles(url)
  const redis = await startRedis(t, { password: SECRETS.redisPassword })
  const REDIS_URL = redis.url.replace('//', `//:${SECRETS.redisPassword}@`)
  const service = await startService(t, { ...DEBUG, DATABASE_URL: url, REDIS_URL })
  const cursor = await talk(service)
  t.ok(cursor.length > 20)
  const hits = service.log.filter(({ msg }) => msg === 'cache')
  t.ok(
    hits.some(({ key }) => String(key).includes('cursor=[…]')),
    'the rest of the key is there',
  )
  holdsNoSecret(t, JSON.stringify(service.log), cursor)
  namesRequests(t, service.log)
})

t.test('statements that fail, and a database that takes the password no more', async (t) => {
  const { url, role } = await databaseWithPassword()
  await loadArticles(url)
  const service = await startService(t, { ...DEBUG, DATABASE_URL: url })
  const cursor = await talk(service)
  await service.app.cache.clear({ kind: 'pattern', selector: '*' }, 'test')
  // In the background, by a session that is about to be ended.
  await until('the clear to be noted', async () => {
    const [open] = await service.database
      .pool`select from cache_clears where not soft and completed_at is null`
    return open === undefined
  })
  await service.database.pool`alter table media_articles rename to elsewhere`
  await send(service, `/api/v1/media/latest?limit=1&cursor=${cursor}`, { headers: { 'x-api-key': GOOD_KEY } })
  t.match(lastError(service), { err: { stack: /media_articles/ } })
  await postgres.sql.unsafe(`alter role ${role} password '${SECRETS.newDatabasePassword}'`)
  await postgres.sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${role}`
  const headers = { 'x-api-key': GOOD_KEY }
  const answer = await send(service, `/api/v1/media/latest?limit=1&cursor=${cursor}`, { headers })
  t.equal(answer.status, 503)
  t.match(lastError(service), { err: { message: /password authentication failed/ } })
  t.equal((await send(service, '/cache/clear', { method: 'DELETE', headers })).status, 202)
  t.match(
    service.log.find(({ level, msg }) => level === 40 && msg.includes('clear log')),
    { reqId: /./ },
  )
  holdsNoSecret(t, JSON.stringify(service.log), cursor)
  namesRequests(t, service.log)
})

t.test('a Redis that refuses the password, or does not know the command that carries it', async (t) => {
  const { url } = await databaseWithPassword()
  const refusing = await startRedis(t, { password: SECRETS.redisPassword })
  const old = await startRedis(t, { args: ['--rename-command', 'HELLO', '', '--rename-command', 'AUTH', ''] })
  for (const redis of [refusing, old]) {
    const REDIS_URL = redis.url.replace('//', `//:${SECRETS.wrongRedisPassword}@`)
    const service = await startService(t, { ...DEBUG, DATABASE_URL: url, REDIS_URL })
    const away = service.log.find(({ msg }) => msg.startsWith('Redis is away'))
    t.match(away, { reason: redis === old ? /unknown command.*\[…\]/ : /WRONGPASS/ })
    holdsNoSecret(t, JSON.stringify(service.log))
  }
})

t.test('what code to come may log: headers, requests and errors of drivers', async (t) => {
  const service = await startService(t, { ...DEBUG, DATABASE_URL: (await databaseWithPassword()).url })
  const { log } = service.app
  const redis = await startRedis(t, { password: SECRETS.redisPassword })
  const refused = await redis.client.auth(SECRETS.wrongRedisPassword).catch((error: unknown) => error)
  t.match(refused, { command: { args: [SECRETS.wrongRedisPassword] } }, 'the driver has it on its error')
  log.error({ err: refused }, 'refused')
  log.error({ err: new Error(`connect redis://user:${SECRETS.redisPassword}@127.0.0.1:1 failed`) }, 'failed')
  const headers = {
    authorization: `Bearer ${GOOD_KEY}`,
    'x-api-key': GOOD_KEY,
    cookie: SECRETS.cookie,
    'proxy-authorization': SECRETS.basic,
  }
  log.info({ headers, request: { headers } }, 'headers')
  log.info({ req: { method: 'GET', url: `/api/v1/volume?key=${SECRETS.inQuery}`, headers } }, 'request')
  t.match(service.log.slice(-4), [
    { err: { type: 'SimpleError', message: /WRONGPASS/, stack: /\n/ } },
    { err: { message: 'connect redis://127.0.0.1:1 failed' } },
    { headers: { authorization: '[Redacted]' } },
    { req: { method: 'GET', path: '/api/v1/volume' } },
  ])
  holdsNoSecret(t, JSON.stringify(service.log))
})

t.test('a start with a wrong password', async (t) => {
  const { url } = await databaseWithPassword()
  const DATABASE_URL = url.replace(SECRETS.databasePassword, SECRETS.newDatabasePassword)
  for (const environment of [{}, { MIGRATE_ON_START: 'false' }]) {
    const failure = await startServiceProcess(t, { DATABASE_URL, LOG_LEVEL: 'debug', ...environment }).then(
      () => 'started',
      (error: unknown) => (error as Error).message,
    )
    t.match(failure, /password authentication failed/)
    holdsNoSecret(t, failure)
  }
})
