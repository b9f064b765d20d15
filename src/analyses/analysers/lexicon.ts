// The analyser that is always there: the sentiment of a text by its words, free and in this process.
import { analyseSentiment, LEXICON_VERSION } from '../lexicon/index.ts'
import { shortHash } from '../identity.ts'
import type { Analyser } from './analyser.ts'

export const LEXICON = 'lexicon'

const LANGUAGES = ['en', 'fr'] as const
type Language = (typeof LANGUAGES)[number]

export const lexicon: Analyser = {
  name: LEXICON,
  kind: 'lexicon',
  version: LEXICON_VERSION,
  fingerprint: shortHash(LEXICON),
  url: null,
  accepts: new Set(['text']),
  languages: new Set(LANGUAGES),
  tones: new Set(),
  parameters: new Set(),
  costMicros: 0n,
  currency: 'EUR',
  timeoutMs: 10_000,
  concurrency: 64,
  dailyBudgetMicros: null,
  call: (content, { language }) =>
    Promise.resolve(
      content.kind === 'text'
        ? { outcome: 'answered', result: { ...analyseSentiment(content.text, language as Language | null) } }
        : { outcome: 'refused', status: 415, isPaid: false },
    ),
}
