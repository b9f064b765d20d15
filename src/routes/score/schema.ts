// What the score routes take and answer.
import Type, { type Static } from 'typebox'
import { named, DateParameter, listQuery, nullable, SymbolParameter } from '../../http/schemas.ts'
import { COMPONENTS, LABEL_BANDS, type ComponentName } from '../../score/method.ts'

const Component = nullable(Type.Number({ minimum: 0, maximum: 100 }))

export const Score = named(
  'Score',
  Type.Object({
    as_of: Type.String({ format: 'date', description: 'The session' }),
    symbol: Type.String(),
    score: Type.Number({ minimum: 0, maximum: 100, description: '0 is extreme fear, 100 extreme greed' }),
    label: Type.Enum(LABEL_BANDS.map((band) => band.name)),
    coverage: Type.Number({ minimum: 0, maximum: 1, description: 'Weight of the components that exist' }),
    components: Type.Object(
      Object.fromEntries(COMPONENTS.map(({ name }) => [name, Component])) as Record<
        ComponentName,
        typeof Component
      >,
      { description: '0 (fear) to 100 (greed) each; null where there is not enough data' },
    ),
  }),
)
export type Score = Static<typeof Score>

export const scoreQuery = (defaultSymbol: string) =>
  listQuery({
    symbol: SymbolParameter(defaultSymbol),
    from: DateParameter('first'),
    to: DateParameter('last'),
  })

export const scoreLatestQuery = (defaultSymbol: string) =>
  Type.Object({ symbol: SymbolParameter(defaultSymbol) })

export const Methodology = named(
  'Methodology',
  Type.Object({
    version: Type.Integer({ description: 'Of the method; every score is computed by the newest' }),
    window: Type.Integer({ description: 'Values in which each percentile rank is taken' }),
    components: Type.Array(
      Type.Object({
        name: Type.Enum(COMPONENTS.map(({ name }) => name)),
        weight: Type.Number({
          description: 'Fraction of 1; weights of the components that exist are scaled up',
        }),
        definition: Type.String(),
      }),
    ),
    labels: Type.Array(
      Type.Object({
        name: Type.Enum(LABEL_BANDS.map((band) => band.name)),
        from: Type.Number({ description: 'Lowest score, inclusive' }),
        to: Type.Number({ description: 'Highest score, inclusive' }),
      }),
    ),
  }),
)
export type Methodology = Static<typeof Methodology>
