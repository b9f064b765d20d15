// PostgreSQL goes and comes back: the log, the figures and the page say so, once each, and clears of the meantime are in the list.
import t, { type Test } from 'tap'
import type { StatsAnswer } from '../../../src/stats/schema.ts'
import { isLive, openDashboard, shows, startBrowser } from '../../support/browser.ts'
import { createDatabase } from '../../support/databases.ts'
import { send } from '../../support/http.ts'
import { startPostgres, type TestPostgres } from '../../support/postgres.ts'
import { startService, type TestService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const FAULTS: Record<
  string,
  [go: (postgres: TestPostgres) => unknown, comeBack: (postgres: TestPostgres) => unknown]
> = {
  killed: [(postgres) => postgres.kill(), (postgres) => postgres.start()],
  hung: [(postgres) => postgres.pause(), (postgres) => postgres.resume()],
}

async function figuresOf(service: TestService): Promise<StatsAnswer> {
  return JSON.parse((await send(service, '/cache/stats')).body) as StatsAnswer
}

const linesOf = ({ log }: TestService): string[] =>
  log.map(({ msg }) => msg).filter((text) => /^PostgreSQL (is away|is back|connected)/.test(text))
const AWAY = 'PostgreSQL is away; answers come from what is cached, marked STALE'

async function begin(t: Test): Promise<{ postgres: TestPostgres; service: TestService }> {
  const postgres = await startPostgres(t)
  return { postgres, service: await startService(t, { DATABASE_URL: await createDatabase(postgres) }) }
}

for (const [fault, [go, comeBack]] of Object.entries(FAULTS)) {
  t.test(`${fault}: who only looks at the figures sees it, and that it is over`, async (t) => {
    const { postgres, service } = await begin(t)
    const before = await figuresOf(service)
    t.equal(before.cache.database.status, 'connected')
    t.match(before.message, /^No Redis is configured/)
    const wentAt = Date.now()
    await go(postgres)
    const away = await until(
      'the figures to say so',
      () => figuresOf(service),
      ({ cache }) => cache.database.status === 'away',
    )
    t.equal(away.message, AWAY)
    t.equal(away.cache.lease.state, 'lost', 'and not idle')
    t.ok(Date.parse(away.cache.database.since) >= wentAt - 1)
    t.match((await send(service, '/metrics')).body, /^barometer_lease_lost 1$/m)
    // However long it lasts.
    for (let poll = 0; poll < 20; poll++) t.equal((await figuresOf(service)).cache.lease.state, 'lost')
    t.strictSame(linesOf(service), [AWAY])
    await comeBack(postgres)
    const back = await until(
      'the figures to say so',
      () => figuresOf(service),
      ({ cache }) => cache.database.status === 'connected',
    )
    t.not(back.cache.lease.state, 'lost')
    t.ok(Date.parse(back.cache.database.since) > Date.parse(away.cache.database.since))
    t.strictSame(linesOf(service), [AWAY, 'PostgreSQL is back'], 'once each')
  })
}

t.test('a clear of that time is in the list, as one that is owed, and then as one of the log', async (t) => {
  const { postgres, service } = await begin(t)
  const { page } = await openDashboard(t, await startBrowser(t), service.url)
  await isLive(page)
  await shows(page, '#clears', /Nobody has cleared anything/)
  await postgres.kill()
  for (const what of ['pattern=zz*&reason=wrong', 'tag=dataset:media'])
    t.equal((await send(service, `/cache/clear?${what}`, { method: 'DELETE' })).status, 202)
  const { cache } = await figuresOf(service)
  t.match(cache, { lease: { state: 'lost' }, database: { status: 'away' } })
  t.match(cache.owed_clears, [
    { kind: 'tag', selector: 'dataset:media', actor: 'loopback', reason: null },
    { kind: 'pattern', selector: 'zz*', actor: 'loopback', reason: 'wrong' },
  ])
  await shows(page, '#clears', /tag dataset:media.*here alone.*zz\*.*wrong.*here alone/s)
  await shows(page, '#states', /PostgreSQL away since/)

  await postgres.start()
  await until('both to be written', async () => (await figuresOf(service)).cache.owed_clears.length === 0)
  await until('the log to say that it is back', () => linesOf(service).length === 2)
  t.strictSame(linesOf(service), [AWAY, 'PostgreSQL is back'])
  await until('the page to have them from the log', async () => {
    const text = (await page.locator('#clears').textContent()) ?? ''
    return text.includes('dataset:media') && text.includes('zz*') && !text.includes('here alone')
  })
  const { data } = JSON.parse((await send(service, '/cache/clears')).body) as { data: { selector: string }[] }
  t.strictSame(new Set(data.map(({ selector }) => selector)), new Set(['dataset:media', 'zz*']))
})

t.test('a page that is opened meanwhile does not say that nobody has cleared anything', async (t) => {
  const { postgres, service } = await begin(t)
  await postgres.kill()
  const { page } = await openDashboard(t, await startBrowser(t), service.url)
  await isLive(page)
  await shows(page, '#clears', /PostgreSQL is away and does not say what was cleared/)
})
