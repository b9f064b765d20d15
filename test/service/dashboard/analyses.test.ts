// The page's tile about analyses, in a real browser: not there while nothing was analysed, true afterwards, and as wide as there is room.
import t from 'tap'
import { isLive, openDashboard, shows, startBrowser } from '../../support/browser.ts'
import { startFilledDatabase } from '../../support/http.ts'
import { addPaidAnalyser } from '../../support/paid-analyser.ts'
import { startService } from '../../support/service.ts'

const TILE = '#tiles div:has-text("Analyses")'
const service = await startService(t, { DATABASE_URL: await startFilledDatabase(t) })
addPaidAnalyser(service, { dailyBudgetMicros: 10_000n })
const browser = await startBrowser(t)

async function analyse(text: string): Promise<void> {
  const answer = await fetch(`${service.url}/api/v1/analyses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text, analyser: 'paid' }),
  })
  t.equal(answer.status, 200)
}

t.test('nothing is said of analyses until there are some', async (t) => {
  const { page, errors } = await openDashboard(t, browser, service.url, {
    viewport: { width: 390, height: 844 },
  })
  await isLive(page)
  t.equal(await page.locator(TILE).count(), 0)
  for (const text of ['one', 'one', 'one', 'two']) await analyse(text)
  await shows(
    page,
    TILE,
    /saved today0\.004 EUR0\.004 EUR in all, 50\.0\s% without a call, 0 under way, 0\.006 of 0\.01 left for paid/,
  )
  const tooWide = await page
    .locator('#tiles dd')
    .evaluateAll((all) =>
      all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent),
    )
  t.strictSame(tooWide, [])
  t.strictSame(await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]), [390, 390])
  t.strictSame(errors, [])
})
