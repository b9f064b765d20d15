// The sentiment of financial news in English and French: by a dictionary and a few rules of both languages, so that it costs nothing, needs
// nobody, and can say why. docs/analyses.md says how, and what it gets wrong.
import { ENGLISH } from './english.ts'
import { FRENCH } from './french.ts'
import { guessLanguage, type Language } from './language.ts'
import { modify } from './modifiers.ts'
import { bindMovements } from './movements.ts'
import { readParts, type Part } from './parts.ts'
import { tokenise, type Token } from './tokens.ts'

/** Of dictionary and rules. Any change that can change a score makes a new version. */
export const LEXICON_VERSION = '1'
/** Scores from here on are positive, from its negative down negative; between them a text is neutral. */
export const NEUTRAL_BELOW = 0.2
/** Of a long text, the weightiest terms only. */
export const MOST_TERMS = 50

export type SentimentLabel = 'positive' | 'neutral' | 'negative'

export interface Sentiment {
  /** -1 to 1, four decimals. */
  score: number
  label: SentimentLabel
  language: Language
  /** What made the score, in the order of the text, as written there: words with what each added. The sum of all is `s` in s/√(s² + 15). */
  terms: { term: string; weight: number }[]
}

/** The sum at which a score is about a quarter, as in VADER (Hutto and Gilbert, 2014). */
const NORMALISATION = 15
const LEAST_WEIGHT = 0.005

/**
 * What a text says of markets, a company or an economy: good or bad news.
 *
 * @param language guessed where it is not given.
 */
export function analyseSentiment(text: string, language: Language | null = null): Sentiment {
  const normalised = text.normalize('NFC')
  const tokens = tokenise(normalised)
  const spoken = language ?? guessLanguage(tokens, normalised)
  const { parts, factors } = readParts(tokens, spoken === 'fr' ? FRENCH : ENGLISH)
  bindMovements(parts, tokens)
  modify(parts, factors)
  const telling = parts.filter(({ isTaken, weight }) => !isTaken && Math.abs(weight ?? 0) >= LEAST_WEIGHT)
  const sum = telling.reduce((total, { weight }) => total + (weight ?? 0), 0)
  const score = rounded(sum / Math.sqrt(sum * sum + NORMALISATION))
  return { score, label: labelOf(score), language: spoken, terms: termsOf(telling, normalised, tokens) }
}

export function labelOf(score: number): SentimentLabel {
  if (score >= NEUTRAL_BELOW) return 'positive'
  return score <= -NEUTRAL_BELOW ? 'negative' : 'neutral'
}

function termsOf(parts: readonly Part[], text: string, tokens: readonly Token[]): Sentiment['terms'] {
  return weightiest(parts).map((part) => ({
    term: wording(part, text, tokens),
    weight: rounded(part.weight ?? 0),
  }))
}

function weightiest(parts: readonly Part[]): readonly Part[] {
  if (parts.length <= MOST_TERMS) return parts
  const kept = new Set(
    parts
      .toSorted((one, other) => Math.abs(other.weight ?? 0) - Math.abs(one.weight ?? 0))
      .slice(0, MOST_TERMS),
  )
  return parts.filter((part) => kept.has(part))
}

function wording(part: Part, text: string, tokens: readonly Token[]): string {
  const own = text.slice(tokens[part.from]?.from, tokens[part.to - 1]?.to)
  if (part.thing === null) return own
  const thing = wording(part.thing, text, tokens)
  return part.thing.from < part.from ? `${thing} … ${own}` : `${own} … ${thing}`
}

/** Zero has no sign. */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000 + 0
}
