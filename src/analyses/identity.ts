// When two requests ask for the same: then, and only then, one answer serves both, and is paid for once.
import { createHash } from 'node:crypto'
import { cacheKey } from '../cache/index.ts'
import { Problem } from '../problems.ts'
import type { Analyser, Asked, Content, Json } from './analysers/analyser.ts'

/** Version of the rules by which texts are the same. Keys hold it: a change of the rules makes every text a new one. */
export const TEXT_RULES = 1

const NO_TEXT = /[\0\p{Surrogate}]/u
const ZERO_WIDTH = /[\u180e\u200b-\u200d\u2060\ufeff]/g
const LINE_ENDS = /\r\n|[\r\u0085\u2028\u2029]/g
const BLANKS = /[^\S\n]+/g
const MAX_DEPTH = 64
/** 132 bits, in base64url. */
const SHORT_HASH_LENGTH = 22

/**
 * The one form of a text: zero-width characters left out, NFC, line ends as `\n`, a run of blanks as one, none at either end. Its case stays, and so do
 * empty lines. To normalise twice changes nothing.
 *
 * @throws Problem invalid_body where nothing is left, and for NUL or half a surrogate pair, which no text holds.
 */
export function normaliseText(text: string): string {
  // Two texts with different halves would have one hash, since neither has bytes in UTF-8.
  if (!isWholeText(text)) throw invalidText('must not hold NUL or half a surrogate pair')
  // Before NFC: such a character keeps a letter and its accent apart.
  const visible = text.replace(ZERO_WIDTH, '').normalize('NFC')
  const normalised = visible.replace(LINE_ENDS, '\n').replace(BLANKS, ' ').trim()
  if (normalised === '') throw invalidText('must not be empty')
  return normalised
}

/** @param normalised as `normaliseText` gives it. @returns SHA-256 in hexadecimal digits. */
export function textHash(normalised: string): string {
  return createHash('sha256').update(normalised).digest('hex')
}

/** JSON whose members are sorted by name, at every depth, without blanks: equal values, and only those, give equal text. For values that are storable. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] as Json)}`)
  return `{${members.join(',')}}`
}

/** @returns 22 characters of base64url. */
export function shortHash(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('base64url').slice(0, SHORT_HASH_LENGTH)
}

/**
 * Whether a value can be kept in PostgreSQL and walked through here: without NUL and half a surrogate pair, in names as little as in values, and not
 * nested deeper than 64 levels.
 */
export function isStorable(value: Json, depth = 0): boolean {
  if (typeof value === 'string') return isWholeText(value)
  if (value === null || typeof value !== 'object') return true
  if (depth === MAX_DEPTH) return false
  if (Array.isArray(value)) return value.every((item) => isStorable(item, depth + 1))
  return Object.entries(value).every(([name, member]) => isWholeText(name) && isStorable(member, depth + 1))
}

export interface Variant {
  kind: Content['kind']
  /** SHA-256 of the bytes, or of the normalised text. */
  hash: string
  analyser: Pick<Analyser, 'name' | 'version' | 'fingerprint'>
  /** Language and tone are well-formed text. */
  asked: Asked
  /** As `subjectHash` gives it; null for a result that belongs to nobody. */
  subject: string | null
}

/** The key of a result, in the cache and in the database: `text:{hash}:{params}` or, of a file, `analysis:{hash}:{params}`. Two variants never share one. */
export function variantKey({ kind, hash, analyser, asked, subject }: Variant): string {
  const { language, tone, parameters } = asked
  return cacheKey(kind === 'text' ? 'text' : 'analysis', hash, {
    analyser: analyser.name,
    version: analyser.version,
    by: analyser.fingerprint,
    rules: kind === 'text' ? TEXT_RULES : undefined,
    language: language ?? undefined,
    tone: tone ?? undefined,
    parameters: Object.keys(parameters).length === 0 ? undefined : shortHash(parameters),
    subject: subject ?? undefined,
  })
}

function isWholeText(text: string): boolean {
  return !NO_TEXT.test(text)
}

function invalidText(detail: string): Problem {
  return new Problem('invalid_body', `text ${detail}`, [{ parameter: 'text', detail }])
}
