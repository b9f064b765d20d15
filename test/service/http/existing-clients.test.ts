// What the pages of existing clients ask for beside data: a button that has nothing to trigger here, and the state of what the service works with.
import { createHash } from 'node:crypto'
import t from 'tap'
import { until } from '../../support/until.ts'
import { detailOf, getJson, isProblem, send } from '../../support/http.ts'
import { startPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { PATIENT_REDIS, startService } from '../../support/service.ts'

const TRIGGER = '/api/v1/scheduler/trigger'
const HEALTH = '/api/v1/monitoring/health'
const postgres = await startPostgres(t)
const DATABASE_URL = await createDatabase(postgres)
const json = { 'content-type': 'application/json' }

t.test('the button says that nothing here collects, to whoever presses it, and is no failure', async (t) => {
  const hash = createHash('sha256').update('a-key').digest('hex')
  const keyed = { API_KEYS: `ops:ops:${hash}`, REQUIRE_READ_KEY: 'true', CORS_ORIGINS: 'https://app.example' }
  for (const settings of [{}, keyed]) {
    const service = await startService(t, { DATABASE_URL, ...settings })
    const requests = [{}, { headers: json }, { headers: { origin: 'https://app.example' } }]
    for (const request of requests) {
      const answer = await send(service, TRIGGER, { method: 'POST', ...request })
      isProblem(t, answer, 'not_collecting')
      t.match(detailOf(answer), /collects nothing.*\/api\/v1\/ingest\//)
    }
    isProblem(t, await send(service, TRIGGER), 'method_not_allowed', [], 'it is a POST')
    t.strictSame(
      service.log.filter(({ level }) => level >= 40),
      [],
    )
  }
})

t.test('the state is what a request would find, and needs no key', async (t) => {
  const redis = await sharedRedis(t)
  const alone = await startService(t, { DATABASE_URL, API_KEYS: `a:ops:${'0'.repeat(64)}` })
  const both = await startService(t, { DATABASE_URL, REDIS_URL: redis.url, ...PATIENT_REDIS })
  const stateOf = (service: typeof alone) => getJson<Record<string, unknown>>(service, HEALTH)
  // A busy machine may take longer once than a request waits.
  const well = (service: typeof alone) =>
    until(
      'all to be well',
      () => stateOf(service),
      ({ status }) => status === 'ok',
    )
  const { version, uptime_seconds: uptime, ...state } = await well(alone)
  t.strictSame(state, { status: 'ok', database: 'connected', redis: 'disabled' })
  t.strictSame([typeof version, Number.isInteger(uptime)], ['string', true])
  t.equal((await send(alone, HEALTH)).headers['cache-control'], 'no-store')
  t.match(await well(both), { status: 'ok', database: 'connected', redis: 'connected' })

  await postgres.kill()
  // Nobody asks for anything else meanwhile.
  await until('PostgreSQL to be missed', async () => (await stateOf(alone)).database === 'away')
  t.match(await stateOf(alone), { status: 'degraded', redis: 'disabled' })
  await postgres.start()
  await until('PostgreSQL to be back', async () => (await stateOf(alone)).status === 'ok')
})
