// Timestamps on their way out: PostgreSQL's text to RFC 3339, without a Date in between, which would cut them to milliseconds.
import { fractionText } from '../time/instants.ts'

/** What a session with `TimeZone` UTC and `DateStyle` ISO prints for a timestamptz. */
const POSTGRES_TEXT = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?\+00$/

/**
 * `2025-10-23 00:00:00.000123+00` → `2025-10-23T00:00:00.000123Z`; a whole second has no fraction.
 *
 * @throws TypeError for any other text: another session setting, `infinity`, or a year outside 0001 to 9999.
 */
export function toRfc3339(text: string): string {
  if (!POSTGRES_TEXT.test(text))
    throw new TypeError(`not a timestamp of a UTC session with ISO dates: ${text}`)
  return `${text.slice(0, 10)}T${text.slice(11, 19)}${fractionText(text.slice(20, -3))}Z`
}
