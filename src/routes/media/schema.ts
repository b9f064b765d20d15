// What the media routes take and answer.
import Type, { type Static } from 'typebox'
import { named, InstantParameter, listQuery, nullable } from '../../http/schemas.ts'

const Instant = Type.String({ format: 'date-time' })
export const LABELS = ['positive', 'neutral', 'negative'] as const
const Label = Type.Enum([...LABELS])

export const Article = named(
  'Article',
  Type.Object({
    id: Type.Integer(),
    source: Type.String({ description: 'Code of the source' }),
    title: Type.String(),
    url: Type.String(),
    summary: nullable(Type.String()),
    content: nullable(Type.String()),
    image_url: nullable(Type.String()),
    published_at: Instant,
    sentiment_score: nullable(Type.Number({ minimum: -1, maximum: 1 })),
    sentiment_label: nullable(Label),
    scraped_at: Instant,
  }),
)
export type Article = Static<typeof Article>

export const Sources = named(
  'Sources',
  Type.Object({
    sources: Type.Array(
      Type.Object({
        id: Type.Integer(),
        code: Type.String(),
        name: Type.String(),
        logo_url: nullable(Type.String()),
        article_count: Type.Integer(),
      }),
    ),
    total_sources: Type.Integer(),
  }),
)
export type Sources = Static<typeof Sources>

export const mediaQuery = listQuery({
  source: Type.Optional(Type.String({ maxLength: 64, description: 'Code of a source, see /media/sources' })),
  sentiment: Type.Optional(Label),
  from: InstantParameter('first'),
  to: InstantParameter('last'),
})
type MediaQuery = Static<typeof mediaQuery>
/** In canonical form. */
export type MediaFilters = { [Name in 'source' | 'sentiment' | 'from' | 'to']: MediaQuery[Name] | undefined }

export const SentimentStats = named(
  'SentimentStats',
  Type.Object({
    total_articles: Type.Integer({ description: 'Those without sentiment included' }),
    sentiment_distribution: Type.Object(
      { positive: Type.Integer(), neutral: Type.Integer(), negative: Type.Integer() },
      { description: 'Articles with each label; those without one are in none' },
    ),
    sentiment_scores: Type.Object(
      { average: Type.Number(), min: Type.Number(), max: Type.Number() },
      { description: 'Of the scored articles, from -1 to 1; all 0 where none is scored' },
    ),
  }),
)
export type SentimentStats = Static<typeof SentimentStats>

export const sentimentStatsQuery = Type.Object({
  from: InstantParameter('first'),
  to: InstantParameter('last'),
})

export const ArticleParameters = Type.Object({
  id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Id of an article' }),
})
