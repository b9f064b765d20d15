// 200 headlines and sentences of our own, with their sign as a reader of financial news would have it. Half were looked at while the rules were
// made, half only counted.
import { readFileSync } from 'node:fs'
import {
  analyseSentiment,
  type Sentiment,
  type SentimentLabel,
} from '../../../../src/analyses/lexicon/index.ts'

export interface Labelled {
  id: number
  set: 'tuning' | 'held out'
  language: 'en' | 'fr'
  label: SentimentLabel
  kind: string
  text: string
}

export interface Mistake extends Labelled {
  sentiment: Sentiment
}

export const LABELLED: readonly Labelled[] = readFileSync(new URL('labelled.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Labelled)

/** Those whose sign comes out wrong; neutral is a sign of its own. Their language is guessed. */
export function mistakesIn(texts: readonly Labelled[]): Mistake[] {
  return texts.flatMap((labelled) => {
    const sentiment = analyseSentiment(labelled.text)
    return sentiment.label === labelled.label ? [] : { ...labelled, sentiment }
  })
}

export const inSet = (set: Labelled['set']): Labelled[] => LABELLED.filter((labelled) => labelled.set === set)
export const share = (texts: readonly Labelled[]): number => 1 - mistakesIn(texts).length / texts.length
export const percent = (texts: readonly Labelled[]): string => `${(share(texts) * 100).toFixed(0)} %`

/** What docs/analyses.md says between its marks. */
export function listing(): string {
  const language = (code: string) => LABELLED.filter((labelled) => labelled.language === code)
  return [
    `Right: ${percent(LABELLED)} of 200; ${percent(inSet('tuning'))} of the 100 to tune with, ${percent(inSet('held out'))} of the 100 held out; ` +
      `${percent(language('en'))} of the English, ${percent(language('fr'))} of the French.`,
    '',
    '| text | is | said | score |',
    '|---|---|---|---|',
    ...mistakesIn(LABELLED).map(
      ({ text, label, sentiment }) => `| ${text} | ${label} | ${sentiment.label} | ${sentiment.score} |`,
    ),
  ].join('\n')
}
