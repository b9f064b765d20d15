// What an analyser is asked of articles that came without a score, and how the embedded one answers.
import { analyseSentiment, type SentimentLabel } from './lexicon/index.ts'

export interface UnscoredArticle {
  title: string
  summary: string | null
  /** Only where title and summary say too little; see TEXT_LIMITS. */
  content: string | null
  /** As it came: `en`, `fr-CA`, `EN`. Null where nobody said. */
  language: string | null
}

export interface ArticleScore {
  /** -1 to 1. */
  score: number
  label: SentimentLabel
}

/** The scores of these articles, in their order; null for one that the analyser has nothing to say of. Rejects where it failed for all. */
export type ScoreArticles = (articles: readonly UnscoredArticle[]) => Promise<(ArticleScore | null)[]>

/**
 * In characters. Title and summary are what an article says; its content has much beside that (quotes, background, other companies), which
 * would outweigh them. It is read where both together are no more than a headline.
 */
export const TEXT_LIMITS = { each: 2000, thin: 60 }
/** Analysed in one go, so that requests are not kept waiting: a few milliseconds. */
const TURN_CHARACTERS = 4000

/** By the lexicon: articles of languages other than its two are left without a score. */
export const scoreByLexicon: ScoreArticles = async (articles) => {
  const scores: (ArticleScore | null)[] = []
  let analysed = 0
  for (const { title, summary, content, language } of articles) {
    const text = [title, summary, content].filter((part) => part !== null).join('\n')
    scores.push(scoreOf(text, language))
    analysed += text.length
    if (analysed < TURN_CHARACTERS) continue
    analysed = 0
    await new Promise(setImmediate)
  }
  return scores
}

function scoreOf(text: string, language: string | null): ArticleScore | null {
  const code = language?.slice(0, 2).toLowerCase() ?? null
  const isOther =
    language !== null && (!/^[a-z]{2}([-_]|$)/i.test(language) || (code !== 'en' && code !== 'fr'))
  if (isOther) return null
  const { score, label } = analyseSentiment(text, code as 'en' | 'fr' | null)
  return { score, label }
}
