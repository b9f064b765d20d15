// A real browser, without a window, to which tests connect.
import { chromium, type BrowserServer } from 'playwright-core'
import { findChromium } from './chromium.ts'

/** What a browser would do besides, none of it for the page. */
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

/** Its profile is a new one, and gone when it is closed. */
export function launchBrowserServer(): Promise<BrowserServer> {
  const executablePath = findChromium()
  if (executablePath === null) throw new Error('no chromium on the PATH, nor named by CHROMIUM')
  return chromium.launchServer({ executablePath, args: FLAGS })
}
