// Patterns over cache keys: checked, matched in memory exactly as Redis matches them, and quoted for Redis.
import { accepts, buildAutomaton, tokenize } from './glob-automaton.ts'

/** What Redis still matches fast against long keys; one pattern then always fits the automaton. */
export const MAX_PATTERN_LENGTH = 64
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/
const ASCII = /^[\x00-\x7f]*$/

/** What is wrong with a pattern from outside, as the end of a sentence that begins with its name; null when it is fine. */
export function checkPattern(pattern: string): string | null {
  if (pattern === '') return 'must not be empty'
  if (pattern.length > MAX_PATTERN_LENGTH) return `must have at most ${MAX_PATTERN_LENGTH} characters`
  if (!PRINTABLE_ASCII.test(pattern)) return 'must consist of printable ASCII characters'
  return null
}

/**
 * A matcher for a pattern in Redis's glob language: `*`, `?`, `[abc]`, `[^a-z]`, `\` before a character meant literally; case counts.
 * Linear in the length of the key. A key is matched by its UTF-8 bytes, so `?` is one byte, as in Redis.
 *
 * @throws RangeError when `checkPattern` has a complaint.
 */
export function compileGlob(pattern: string): (key: string) => boolean {
  const complaint = checkPattern(pattern)
  if (complaint !== null) throw new RangeError(`pattern ${complaint}`)
  const automaton = buildAutomaton(tokenize(pattern))
  return (key) => accepts(automaton, ASCII.test(key) ? key : Buffer.from(key).toString('latin1'))
}

/** Quotes text so that it stands for itself inside a pattern: `escapeGlob(prefix) + '*'` is every key that begins with the prefix. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[\\]/g, '\\$&')
}

/** The one key that a pattern without `*`, `?` and classes names, its escapes resolved; null for any other pattern. */
export function literalOf(pattern: string): string | null {
  let key = ''
  for (const token of tokenize(pattern)) {
    if (token.kind !== 'literal') return null
    key += token.char
  }
  return key
}
