// Where the browser that tests use comes from: `CHROMIUM`, else the PATH.
import { findOneOf } from './redis-binary.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

/** Full path of the browser, or null where there is none. A name in `CHROMIUM` is the only one tried. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  return findOneOf(env['CHROMIUM'] ? [env['CHROMIUM']] : NAMES, env)
}
