// What the overview answers.
import Type, { type Static } from 'typebox'
import { named, nullable } from '../../http/schemas.ts'
import { LABEL_BANDS } from '../../score/method.ts'
import { Article } from '../media/schema.ts'

export const Overview = named(
  'Overview',
  Type.Object({
    articles: Type.Integer({ description: 'Articles there are' }),
    sources: Type.Integer({ description: 'Media sources there are' }),
    sessions: Type.Integer({ description: 'Sessions of the default instrument' }),
    latest_score: Type.Object(
      {
        as_of: nullable(Type.String({ format: 'date' })),
        score: Type.Number({ minimum: 0, maximum: 100 }),
        label: Type.Enum(LABEL_BANDS.map((band) => band.name)),
      },
      { description: 'Of the default instrument; a neutral 50 with `as_of: null` while it has none' },
    ),
    latest_articles: Type.Array(Article, { maxItems: 5, description: 'The newest first' }),
    updated_at: Type.String({ format: 'date-time', description: 'When these figures were read' }),
  }),
)
export type Overview = Static<typeof Overview>
