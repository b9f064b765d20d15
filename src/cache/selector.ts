// One meaning of "these entries" for memory, for Redis and for judging.
import type { Selector } from './clear-log.ts'
import { compileGlob } from './glob.ts'

/** Whether a key with these tags is meant. */
export type Matches = (key: string, tags: readonly string[]) => boolean

/**
 * A key is compared whole, a pattern matched as Redis would. A tag is looked for among an entry's, where `source:*` stands for every source.
 *
 * @throws RangeError for a pattern that cannot be matched, and for a kind of another release.
 */
export function compileSelector({ kind, selector }: Selector): Matches {
  switch (kind) {
    case 'key':
      return (key) => key === selector
    case 'pattern':
      return compileGlob(selector)
    case 'tag': {
      const all = `${selector.slice(0, selector.indexOf(':'))}:*`
      return (_key, tags) => tags.includes(selector) || tags.includes(all)
    }
    default:
      throw new RangeError(`there is no selector ${String(kind)}`)
  }
}

/** What is wrong with a tag from outside, as the end of a sentence that begins with its name; null when it is fine. */
export function checkTag(tag: string): string | null {
  return TAG.test(tag)
    ? null
    : `must be one of dataset:NAME, source:CODE and symbol:SYMBOL, at most ${MAX_TAG_LENGTH} characters`
}

/** The same of the reason for a clear: one line that people read in logs and on terminals. */
export function checkReason(reason: string): string | null {
  if (reason.trim() === '') return 'must not be empty'
  if (reason.length > MAX_REASON_LENGTH) return `must have at most ${MAX_REASON_LENGTH} characters`
  return UNREADABLE.test(reason) ? 'must be one line without control characters' : null
}

const MAX_REASON_LENGTH = 200
/** Controls, halves of characters, line ends, and what turns the direction of writing. */
const UNREADABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u
const MAX_TAG_LENGTH = 128
const TAG = new RegExp(`^(?=.{1,${MAX_TAG_LENGTH}}$)(dataset|source|symbol):\\P{Cc}+$`, 'u')
