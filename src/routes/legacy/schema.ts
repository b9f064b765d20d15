// Shapes that existing clients depend on: names and languages are theirs, and every number is a number, never null.
import Type, { type Static } from 'typebox'
import { named, DateParameter } from '../../http/schemas.ts'
import { COMPONENTS, type ComponentName } from '../../score/method.ts'

const AsOf = Type.String({ format: 'date', description: 'The session' })
const Percentage = Type.Number({ minimum: 0, maximum: 100 })

function forEachComponent<Schema>(schema: Schema): Record<ComponentName, Schema> {
  return Object.fromEntries(COMPONENTS.map(({ name }) => [name, schema])) as Record<ComponentName, Schema>
}

export const IndexPoint = named('IndexPoint', Type.Object({ as_of: AsOf, score: Percentage }))
export type IndexPoint = Static<typeof IndexPoint>

export const IndexHistory = named(
  'IndexHistory',
  Type.Object({
    data: Type.Array(IndexPoint, { description: 'Newest first, one a session' }),
  }),
)

export const indexHistoryQuery = Type.Object({
  range: Type.Optional(
    Type.Enum(['30d', '90d', '180d', '1y', 'all'], {
      description:
        'Calendar days back from the newest score (1y: 365). Wins over the dates; everything where neither is given',
    }),
  ),
  start_date: DateParameter('first'),
  end_date: DateParameter('last'),
})
export type HistoryRange = NonNullable<Static<typeof indexHistoryQuery>['range']>

export const ComponentsLatest = named(
  'ComponentsLatest',
  Type.Object(
    { as_of: AsOf, ...forEachComponent(Percentage) },
    {
      description:
        'Of the newest score, which is their mean by `/metadata/weights`; the score itself where a component has no data',
    },
  ),
)
export type ComponentsLatest = Static<typeof ComponentsLatest>

export const Weights = named(
  'Weights',
  Type.Object(forEachComponent(Type.Number({ minimum: 0, maximum: 1 })), {
    description: 'Fractions that add up to 1',
  }),
)

export const ComponentNames = named(
  'ComponentNames',
  Type.Object({
    components: Type.Array(Type.Enum(COMPONENTS.map(({ name }) => name))),
  }),
)

const NombreActions = Type.Integer({
  minimum: 1,
  description:
    'Instruments of kind equity; where there is none, those that the figure was made of. Information only: the calculation divides by 3',
})

export const Simplified = named(
  'Simplified',
  Type.Object({
    score: Percentage,
    volume_moyen: Percentage,
    sentiment_news: Percentage,
    performance_marche: Percentage,
    nombre_actions: NombreActions,
    date: AsOf,
    formule: Type.String({ description: 'The calculation with its numbers' }),
    interpretation: Type.String(),
  }),
)
export type Simplified = Static<typeof Simplified>

const Part = Type.Object({ valeur: Percentage, description: Type.String(), echelle: Type.String() })

export const SimplifiedDetails = named(
  'SimplifiedDetails',
  Type.Object({
    score_final: Percentage,
    date: AsOf,
    composantes: Type.Object({ volume_moyen: Part, sentiment_news: Part, performance_marche: Part }),
    denominateur: Type.Object({ nombre_actions: NombreActions, description: Type.String() }),
    calcul: Type.Object({
      formule: Type.String(),
      numerateur: Type.Number({ description: 'Sum of the three parts' }),
      score_final: Percentage,
    }),
    interpretation: Type.String(),
  }),
)
export type SimplifiedDetails = Static<typeof SimplifiedDetails>
