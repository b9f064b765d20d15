// A real browser, without a window, for the tests of the page; and pages in it whose every request and complaint is noted.
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { launchBrowserServer } from './browser-server.ts'
import { RUN } from './run.ts'

/** On a machine that is busy with other things, a browser is slow. */
export const LIMIT_MS = 30_000

/** The run's browser, where there is one; pages in it share nothing. Let go with `t`. */
export async function startBrowser(t: Test): Promise<Browser> {
  let address = RUN.browser
  if (address === undefined) {
    const server = await launchBrowserServer()
    t.teardown(() => server.close())
    address = server.wsEndpoint()
  }
  const browser = await chromium.connect(address)
  t.teardown(() => browser.close())
  return browser
}

export interface Watched {
  page: Page
  /** Requests to any other host than the service. */
  foreign: string[]
  /** Errors on the console and those that nobody caught. What the network refused is among them. */
  errors: string[]
}

/** Opens the dashboard in a session of its own. */
export async function openDashboard(
  t: Test,
  browser: Browser,
  url: string,
  options: BrowserContextOptions & { key?: string } = {},
): Promise<Watched> {
  const { key, ...rest } = options
  const context = await browser.newContext(rest)
  t.teardown(() => context.close())
  context.setDefaultTimeout(LIMIT_MS)
  if (key !== undefined)
    await context.addInitScript((held) => sessionStorage.setItem('barometer-key', held), key)
  const page = await context.newPage()
  const [foreign, errors]: [string[], string[]] = [[], []]
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) foreign.push(request.url())
  })
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(String(error)))
  await page.goto(`${url}/dashboard`)
  return { page, foreign, errors }
}

/** Resolves when the page shows figures of now. */
export async function isLive(page: Page): Promise<void> {
  await page.locator('body[data-state=live]').waitFor()
  await page.locator('#tiles dd').first().waitFor()
}

/** Resolves when an element's text matches. */
export async function shows(page: Page, selector: string, text: RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor()
}
