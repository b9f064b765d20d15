// Articles without a score, asked of an analyser of the configuration: each is paid for once, like any other text.
import { Problem } from '../problems.ts'
import type { Analyser, Json } from './analysers/analyser.ts'
import type { ArticleScore, ScoreArticles, UnscoredArticle } from './articles.ts'
import type { Order } from './calls.ts'
import { normaliseText, textHash, variantKey } from './identity.ts'
import { NEUTRAL_BELOW } from './lexicon/index.ts'

/** Of this content, whatever else goes on: it is not asked again. */
const REFUSED: ReadonlySet<string> = new Set(['analysis_refused', 'invalid_body'])

/**
 * @param resultOf what the analyser finds, now or before.
 * @returns scores of -1 to 1, from a result that is a number or has a member `score`; null for an article that the analyser does not take, or
 *   finds no such score for. Rejects where the analyser fails.
 */
export function scoreByAnalyser(
  analyser: Analyser,
  ttlSeconds: number,
  resultOf: (order: Order) => Promise<Json>,
): ScoreArticles {
  return (articles) =>
    Promise.all(
      articles.map(async (article) => {
        try {
          const order = orderOf(analyser, ttlSeconds, article)
          return order === null ? null : scoreIn(await resultOf(order))
        } catch (error) {
          if (error instanceof Problem && REFUSED.has(error.code)) return null
          throw error
        }
      }),
    )
}

/** null where the analyser does not know the article's language. @throws Problem for an article without text. */
function orderOf(analyser: Analyser, ttlSeconds: number, article: UnscoredArticle): Order | null {
  const language = article.language?.toLowerCase() ?? null
  if (language !== null && analyser.languages?.has(language) === false) return null
  const { title, summary, content } = article
  const text = normaliseText([title, summary, content].filter((part) => part !== null).join('\n'))
  const asked = { language, tone: null, parameters: {} }
  const variant = { kind: 'text', hash: textHash(text), analyser, asked, subject: null } as const
  return { key: variantKey(variant), variant, content: { kind: 'text', text }, ttlSeconds, seal: null }
}

function scoreIn(result: Json): ArticleScore | null {
  const score =
    result !== null && typeof result === 'object' && !Array.isArray(result) ? result['score'] : result
  if (typeof score !== 'number' || score < -1 || score > 1) return null
  return {
    score,
    label: score >= NEUTRAL_BELOW ? 'positive' : score <= -NEUTRAL_BELOW ? 'negative' : 'neutral',
  }
}
