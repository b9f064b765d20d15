// The page where keys are configured: never blank, whatever is wrong with the key, and nothing cleared without the right one.
import t from 'tap'
import { apiKeys } from '../../support/api-keys.ts'
import { renewed } from '../../support/renewed.ts'
import { isProblem, send, startFilledDatabase } from '../../support/http.ts'
import { startService } from '../../support/service.ts'
import { isLive, openDashboard, shows, startBrowser } from '../../support/browser.ts'

const service = await startService(t, {
  DATABASE_URL: await startFilledDatabase(t),
  API_KEYS: apiKeys({ watcher: 'stats', operator: 'stats+ops', reader: 'read' }),
  PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0',
})
const browser = await startBrowser(t)
const ANSWER = '/api/v1/volume/latest?days=7'
const EVENTS = '/api/v1/dashboard/events'

t.test('the page loads without a key, its data does not', async (t) => {
  t.equal((await send(service, '/dashboard')).status, 200)
  isProblem(t, await send(service, EVENTS), 'key_required')
  isProblem(t, await send(service, EVENTS, { headers: { 'x-api-key': 'wrong' } }), 'key_invalid')
  isProblem(t, await send(service, EVENTS, { headers: { 'x-api-key': 'reader' } }), 'scope_missing')
  isProblem(t, await send(service, `${EVENTS}?key=watcher`), 'key_required', [], 'none in an address')
})

t.test('it asks for a key, says what is wrong with one, and goes on with the right one', async (t) => {
  const { page, foreign, errors } = await openDashboard(t, browser, service.url)
  await shows(page, '#key-message', /an API key with the scope stats/)
  t.equal(await page.locator('#figures').isVisible(), false)
  t.equal(await page.evaluate(() => document.activeElement?.id), 'key')

  await enter('not a key')
  await shows(page, '#key-message', /no blanks/)
  await enter('wrong')
  await shows(page, '#key-message', /not known/)
  await enter('reader')
  await shows(
    page,
    '#key-message',
    /The API key reader lacks the scope stats|the API key reader lacks the scope stats/,
  )
  await enter('watcher')
  await isLive(page)
  t.equal(await page.locator('#key-box').isVisible(), false)
  t.equal(await page.inputValue('#key'), '', 'it does not stay in the field')

  await page.reload()
  await isLive(page)
  await page.click('#forget-key')
  await shows(page, '#key-message', /an API key with the scope stats/)
  t.equal(await page.evaluate(() => sessionStorage.length), 0)
  t.strictSame(foreign, [])
  // The browser itself notes each refusal there.
  t.strictSame(
    errors.filter((error) => !/^Failed to load resource: .* 40[13]/.test(error)),
    [],
  )

  async function enter(key: string): Promise<void> {
    await page.fill('#key', key)
    await page.keyboard.press('Enter')
  }
})

t.test('a stale key: a message, not a blank page', async (t) => {
  const { page } = await openDashboard(t, browser, service.url, { key: 'key-of-last-year' })
  await shows(page, '#key-message', /this tab has kept is not known/)
  t.equal(await page.locator('#key').isVisible(), true)
})

t.test('a key that only watches clears nothing, and one that clears does', async (t) => {
  await send(service, ANSWER)
  const { page } = await openDashboard(t, browser, service.url, { key: 'watcher' })
  await isLive(page)
  await page.fill('#selector', '*')
  await page.click('text=Dry run')
  await shows(page, '.complaint', /the API key watcher lacks the scope ops/)
  t.equal(await page.locator('.danger').count(), 0)
  await renewed(service.app.cache)
  t.match((await send(service, ANSWER)).headers, { 'x-cache': 'HIT' })

  await page.click('text=Use another key')
  await page.click('#key-cancel')
  t.equal(await page.locator('#figures').isVisible(), true, 'one may think better of it')
  await page.click('text=Use another key')
  await page.fill('#key', 'operator')
  await page.keyboard.press('Enter')
  await isLive(page)
  await page.click('text=Dry run')
  await page.click('.danger')
  await shows(page, '.done', /Cleared: 1 entry deleted/)
  await shows(page, '#clears tbody tr', /operator/)
  t.match((await send(service, ANSWER)).headers, { 'x-cache': 'MISS' })
})

t.test('a key that expired while the page was open', async (t) => {
  const { page } = await openDashboard(t, browser, service.url, { key: 'operator' })
  await isLive(page)
  await page.evaluate(() => sessionStorage.setItem('barometer-key', 'rotated'))
  await page.fill('#selector', '*')
  await page.click('text=Dry run')
  await shows(page, '.complaint', /The API key is not known/)
})
