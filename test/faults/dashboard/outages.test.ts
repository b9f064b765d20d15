// The page when things go away: the service, Redis, a place to watch from. It says so, keeps what it shows, and comes back by itself.
import t from 'tap'
import { apiKeys } from '../../support/api-keys.ts'
import { watch } from '../../support/dashboard-events.ts'
import { manualTime } from '../../support/manual-time.ts'
import { send, startFilledDatabase } from '../../support/http.ts'
import { startPostgres } from '../../support/postgres.ts'
import { startServiceProcess } from '../../support/processes.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { isLive, openDashboard, shows, startBrowser } from '../../support/browser.ts'
import type { Sample } from '../../../src/routes/dashboard/messages.ts'
import { freePort } from '../../../src/db/embedded/free-port.ts'

const DATABASE_URL = await startFilledDatabase(t)
const browser = await startBrowser(t)
const PRESSURE_MAX_EVENT_LOOP_DELAY_MS = '0'
/** Between two samples, and what PostgreSQL is waited for. */
const SAMPLE_MS = 2000
const PATIENCE_MS = 50
// Each with a service, and whatever is taken away from it, of its own: most of it is waiting.
t.jobs = 5
const TIME = String.raw`\d\d:\d\d:\d\d`

void t.test(
  'the service is killed and comes back: a message, a band, and it goes on by itself',
  { buffered: true },
  async (t) => {
    const settings = { DATABASE_URL, PRESSURE_MAX_EVENT_LOOP_DELAY_MS, PORT: String(await freePort()) }
    const killed = await startServiceProcess(t, settings)
    const { page, errors } = await openDashboard(t, browser, killed.url)
    await isLive(page)
    await killed.end('SIGKILL')
    await shows(page, '#banner', new RegExp(`No connection to the service since .*${TIME}.*Trying again`))
    await shows(page, '#states', /Page no connection/)
    await shows(page, '#outage-list', new RegExp(`${TIME} – now\\s+No connection`))
    t.equal(await page.locator('#categories').isVisible(), true, 'what was known stays')

    const back = await startServiceProcess(t, settings)
    await isLive(page)
    await shows(page, '#outage-list', new RegExp(`${TIME} – ${TIME}\\s+No connection`))
    await page.locator('#banner').waitFor({ state: 'hidden' })
    await shows(page, '#instance', new RegExp(`/${back.pid}$`))
    t.strictSame(
      errors.filter(
        (error) =>
          !/^Failed to load resource|ERR_(INCOMPLETE_CHUNKED_ENCODING|CONNECTION_RESET|EMPTY_RESPONSE)/.test(
            error,
          ),
      ),
      [],
    )

    await back.end()
    await shows(page, '#states', /Page no connection/)
    await startServiceProcess(t, { ...settings, API_KEYS: apiKeys({ ops: 'stats+ops' }) })
    await shows(page, '#key-message', /an API key with the scope stats/)
    await page.fill('#key', 'ops')
    await page.keyboard.press('Enter')
    await isLive(page)
    await page.locator('#figures').waitFor()
  },
)

void t.test('a service that hangs is noticed as well', { buffered: true }, async (t) => {
  const service = await startServiceProcess(t, { DATABASE_URL, PRESSURE_MAX_EVENT_LOOP_DELAY_MS })
  const { page } = await openDashboard(t, browser, service.url)
  await isLive(page)
  process.kill(service.pid, 'SIGSTOP')
  t.teardown(() => process.kill(service.pid, 'SIGCONT'))
  await shows(page, '#banner', /No connection to the service since/)
  process.kill(service.pid, 'SIGCONT')
  await isLive(page)
})

void t.test('Redis away is a band, on the chart and in words', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  const service = await startService(t, {
    DATABASE_URL,
    REDIS_URL: redis.url,
    PRESSURE_MAX_EVENT_LOOP_DELAY_MS,
  })
  const { page } = await openDashboard(t, browser, service.url)
  await isLive(page)
  await redis.kill()
  await shows(page, '#states', /Redis away/)
  await shows(page, '#outage-list', new RegExp(`${TIME} – now\\s+Redis away`))
  await redis.restart()
  // It is looked for by those who ask something.
  let isBack = false
  const reads = (async () => {
    for (let days = 7; !isBack; days = 7 + ((days - 6) % 300))
      await send(service, `/api/v1/volume/latest?days=${days}`)
  })()
  await shows(page, '#outage-list', new RegExp(`${TIME} – ${TIME}\\s+Redis away`)).finally(
    () => (isBack = true),
  )
  await reads
  await shows(page, '#states', /Redis connected/)
})

void t.test(
  'a PostgreSQL that hangs is a band as long as somebody asks, and over when it goes on',
  { buffered: true },
  async (t) => {
    const postgres = await startPostgres(t)
    const settings = { DATABASE_URL: await createDatabase(postgres), PRESSURE_MAX_EVENT_LOOP_DELAY_MS }
    const service = await startService(t, settings)
    const { page } = await openDashboard(t, browser, service.url)
    await isLive(page)
    // Nobody needs a lease where nobody asks, and then none is lost.
    let isOver = false
    const reads = (async () => {
      while (!isOver) await send(service, '/api/v1/media/sources')
    })()
    try {
      await shows(page, '#states', /Lease held/)
      postgres.pause()
      await shows(page, '#states', new RegExp(`PostgreSQL away since .*${TIME}`))
      await shows(page, '#outage-list', new RegExp(`${TIME} – now\\s+PostgreSQL away`))
      postgres.resume()
      await shows(page, '#states', /Lease held/)
      await shows(page, '#outage-list', new RegExp(`${TIME} – ${TIME}\\s+PostgreSQL away`))
    } finally {
      isOver = true
    }
    await reads
  },
)

void t.test(
  'PostgreSQL away: the figures go on, the lists are those of before',
  { buffered: true },
  async (t) => {
    const own = await startPostgres(t)
    const time = manualTime()
    const service = await startService(t, { DATABASE_URL: await createDatabase(own) }, time)
    const events = await watch(t, service.url)
    await events.next()
    const before = (await events.next<Sample>()).data.lists!
    t.equal(before.instances.length, 1)
    for (const how of ['pause', 'kill'] as const) {
      await own[how]()
      await time.advance(SAMPLE_MS + PATIENCE_MS)
      t.strictSame((await events.next<Sample>()).data.lists, before, 'and say from when they are')
    }
  },
)
