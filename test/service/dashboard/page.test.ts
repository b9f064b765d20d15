// The page in a real browser: it loads, moves, clears by keyboard, fits a phone, and asks nobody but the service.
import type { Page } from 'playwright-core'
import t from 'tap'
import { renewed } from '../../support/renewed.ts'
import { send, startFilledDatabase } from '../../support/http.ts'
import { sharedRedis } from '../../support/redis.ts'
import { PATIENT_REDIS, startService } from '../../support/service.ts'
import { isLive, LIMIT_MS, openDashboard, shows, startBrowser } from '../../support/browser.ts'

const redis = await sharedRedis(t)
const DATABASE_URL = await startFilledDatabase(t)
const service = await startService(t, {
  DATABASE_URL,
  REDIS_URL: redis.url,
  ...PATIENT_REDIS,
  // What is tested here is not how much a machine can do.
  PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0',
})
const browser = await startBrowser(t)
const INKS = ['ink', 'quiet', 'good', 'warn', 'bad', 'accent']
const PAIRS = [
  ...INKS.flatMap((ink) => [[ink, 'panel'] as const, [ink, 'ground'] as const]),
  ['on-accent', 'accent'] as const,
  ['panel', 'bad'] as const,
  ['ink', 'bad-ground'] as const,
]
const COLOURS = [...new Set(PAIRS.flat())]
const VOLUME = '/api/v1/volume/latest?days='

/** Fills the cache with so many answers about volume. */
async function fill(answers: number): Promise<void> {
  for (let days = 7; days < 7 + answers; days++) await send(service, `${VOLUME}${days}`)
}

t.test('it loads, moves under load, and asks no other host', async (t) => {
  const { page, foreign, errors } = await openDashboard(t, browser, service.url)
  await isLive(page)
  t.equal(await page.title(), 'Barometer')
  t.equal(await page.locator('#charts canvas').count(), 5)
  await shows(page, '#states', /Page live.*Redis connected.*Lease/)

  let isEnough = false
  const load = (async () => {
    while (!isEnough) await Promise.all(['7', '8', '9'].map((days) => send(service, VOLUME + days)))
  })()
  const moved = page
    .locator('#tiles div', { hasText: 'Requests, fleet' })
    .filter({ hasText: /[1-9][\d.,]*\/s/ })
  await moved.waitFor().finally(() => (isEnough = true))
  await load
  await shows(page, '#categories tbody tr', /volume.*%/)
  await shows(page, '#instances tbody tr', /this one/)
  await page.click('#hottest button:has-text("volume:latest:days=8&symbol=^GSPC")')
  t.strictSame(
    [await page.inputValue('#selector'), await page.isChecked('input[value=key]')],
    ['volume:latest:days=8&symbol=^GSPC', true],
  )
  const label = page.getByRole('img', { name: /^Requests: fleet now [\d.,]+\/s, between .* and / })
  await label.waitFor()
  t.ok(await drawnIn(page, 3), 'the memory tier is drawn')
  await page.locator('summary').click()
  await shows(page, '#minutes-table tbody tr', /%/)
  t.strictSame([foreign, errors], [[], []])
})

t.test('by keyboard alone: a dry run first, then what it showed, and the log has it', async (t) => {
  await fill(3)
  const { page, errors } = await openDashboard(t, browser, service.url)
  await isLive(page)
  await page.keyboard.press('Tab')
  t.equal(await focused(), 'Skip to clearing')
  await page.keyboard.press('Enter')
  await tabTo('#selector')
  await page.keyboard.type('volume:latest:*')
  await page.keyboard.press('Enter')
  await shows(page, '#clear-answer', /3 keys would be deleted/)
  await shows(page, '#clear-answer li', /^volume:latest:days=7&symbol=\^GSPC$/)
  await renewed(service.app.cache)
  t.match((await send(service, `${VOLUME}7`)).headers, { 'x-cache': 'HIT' }, 'nothing is cleared by it')

  await tabTo('#reason')
  await page.keyboard.type('wrong volumes')
  await tabTo('.danger')
  t.equal(await focused(), 'Clear 3 keys')
  await page.keyboard.press('Enter')
  await shows(
    page,
    '#clear-answer .done',
    /Cleared: 3 entries deleted.*Confirmed by 1 instance.*number \d+ in the log/,
  )
  t.match((await send(service, `${VOLUME}7`)).headers, { 'x-cache': 'MISS' })
  await shows(page, '#clears tbody tr', /volume:latest:\*.*loopback.*wrong volumes.*3.*all 1/)
  t.match(JSON.parse((await send(service, '/cache/clears?soft=false&limit=1')).body), {
    data: [{ selector: 'volume:latest:*', actor: 'loopback', reason: 'wrong volumes', deleted: 3 }],
  })
  t.strictSame(errors, [])

  function focused(): Promise<string> {
    return page.evaluate(() => document.activeElement?.textContent ?? '')
  }
  async function tabTo(selector: string): Promise<void> {
    for (let presses = 0; presses < 12; presses++) {
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) break
      await page.keyboard.press('Tab')
    }
    t.ok(
      await page
        .locator(`${selector}:focus`)
        .evaluate((one) => getComputedStyle(one).outlineStyle !== 'none'),
      selector,
    )
  }
})

t.test('what came since the dry run is not cleared unseen, and a bad pattern is named', async (t) => {
  await send(service, '/cache/clear', { method: 'DELETE' })
  await fill(2)
  const { page } = await openDashboard(t, browser, service.url)
  await isLive(page)
  await page.fill('#selector', 'volume:*')
  await page.click('text=Dry run')
  await page.locator('.danger').waitFor()
  await fill(5)
  await page.click('.danger')
  await shows(page, '.complaint', /more than expected.*5 keys, and max is 2; nothing was cleared/)
  await renewed(service.app.cache)
  t.match((await send(service, `${VOLUME}7`)).headers, { 'x-cache': 'HIT' })

  await page.fill('#selector', 'x'.repeat(70))
  t.equal(await page.locator('#clear-answer > *').count(), 0, 'another pattern has not been tried')
  await page.click('text=Dry run')
  await shows(page, '.complaint', /A parameter is not valid.*pattern/)
  t.equal(await page.locator('.danger').count(), 0)

  await page.check('input[value=tag]')
  await page.fill('#selector', 'dataset:volume')
  await page.click('text=Dry run')
  await page.click('text=Clear this tag')
  await shows(page, '.done', /whatever is tagged dataset:volume is never answered again/)
  t.match((await send(service, `${VOLUME}7`)).headers, { 'x-cache': 'MISS' })
})

t.test('at phone width nothing sticks out, and the dark appearance is dark', async (t) => {
  const phone = { viewport: { width: 360, height: 740 }, colorScheme: 'dark' as const }
  const { page, errors } = await openDashboard(t, browser, service.url, phone)
  await isLive(page)
  await page.fill('#selector', 'volume:*')
  await page.click('text=Dry run')
  await page.locator('#clear-answer b').waitFor()
  t.strictSame(await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]), [360, 360])
  const plot = await page.locator('#charts canvas').first().boundingBox()
  t.ok(plot !== null && plot.width > 250 && plot.width <= 340, 'charts are as wide as there is room')
  t.ok((await brightness()) < 60)
  await page.emulateMedia({ colorScheme: 'light' })
  t.ok((await brightness()) > 200)
  await page.waitForFunction(() => document.querySelectorAll('#charts canvas').length === 5)
  t.strictSame(errors, [])

  function brightness(): Promise<number> {
    return page.evaluate(() => {
      const [red = 0, green = 0, blue = 0] =
        getComputedStyle(document.body).backgroundColor.match(/\d+/g)?.map(Number) ?? []
      return (red + green + blue) / 3
    })
  }
})

t.test('what people see can be read: contrast of texts in both appearances', async (t) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await openDashboard(t, browser, service.url, { colorScheme })
    await isLive(page)
    const colours = await page.evaluate((names) => {
      const style = getComputedStyle(document.documentElement)
      return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]))
    }, COLOURS)
    const contrasts = PAIRS.map(([ink, ground]) => {
      const [dark = 0, light = 0] = [luminance(colours[ink]!), luminance(colours[ground]!)].sort(
        (one, other) => one - other,
      )
      return { pair: `${ink} on ${ground}`, contrast: (light + 0.05) / (dark + 0.05) }
    })
    // WCAG 2.2, level AA.
    t.strictSame(
      contrasts.filter(({ contrast }) => !(contrast >= 4.5)),
      [],
      colorScheme,
    )
  }
})

/** Of a colour such as #1d5fd1 or #fff, as WCAG reckons it. */
function luminance(colour: string): number {
  const hex = colour.replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3')
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Whether a chart's canvas has a line on it in the blue of its first. */
async function drawnIn(page: Page, index: number): Promise<boolean> {
  const drawn = await page.waitForFunction(
    (which) => {
      const canvas = document.querySelectorAll<HTMLCanvasElement>('#charts canvas')[which]
      const { data = [] } = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {}
      for (let at = 0; at < data.length; at += 4)
        if ((data[at + 3] ?? 0) > 150 && (data[at + 2] ?? 0) - (data[at] ?? 0) > 100) return true
      return false
    },
    index,
    { timeout: LIMIT_MS },
  )
  return drawn.jsonValue()
}

t.test('more pages than may watch: the one too many says so, and gets its turn', async (t) => {
  const crowded = await startService(t, {
    DATABASE_URL,
    DASHBOARD_MAX_CLIENTS: '1',
    PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0',
  })
  const first = await openDashboard(t, browser, crowded.url)
  await isLive(first.page)
  const second = await openDashboard(t, browser, crowded.url)
  await shows(second.page, '#banner', /As many dashboards are open as may be: 1 of them watch/)
  await first.page.close()
  await isLive(second.page)
  await second.page.locator('#banner').waitFor({ state: 'hidden' })
})
