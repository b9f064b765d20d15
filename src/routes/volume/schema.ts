// What the volume routes take and answer.
import Type, { type Static } from 'typebox'
import { named, DateParameter, listQuery, nullable, SymbolParameter } from '../../http/schemas.ts'

const DateText = Type.String({ format: 'date' })

export const VolumeRow = named(
  'Bar',
  Type.Object({
    date: DateText,
    symbol: Type.String(),
    open: Type.Number(),
    high: Type.Number(),
    low: Type.Number(),
    close: Type.Number(),
    volume: Type.Number(),
    change_percent: nullable(
      Type.Number({ description: 'Close against the previous close; null for the very first bar' }),
    ),
  }),
)
export type VolumeRow = Static<typeof VolumeRow>

export const VolumeLatest = named(
  'VolumeLatest',
  Type.Object({
    data: Type.Array(
      Type.Object({
        date: DateText,
        volume: Type.Number(),
        normalized_volume: Type.Number({
          description: 'Volume against the mean of these sessions, which is 100',
        }),
        close: Type.Number(),
        change_percent: Type.Number({
          description: 'Close against the previous close; 0 for the very first bar',
        }),
      }),
      { description: 'Ascending by date' },
    ),
    count: Type.Integer(),
    days: Type.Integer({ description: 'Sessions asked for' }),
    average_volume: Type.Number(),
  }),
)
export type VolumeLatest = Static<typeof VolumeLatest>

export const VolumeStats = named(
  'VolumeStats',
  Type.Object({
    period_days: Type.Integer({ description: 'Sessions asked for' }),
    trading_days: Type.Integer({ description: 'Sessions there are' }),
    volume_stats: Type.Object(
      { average: Type.Number(), min: Type.Number(), max: Type.Number(), total: Type.Number() },
      { description: 'Over these sessions; all 0 where there are none' },
    ),
  }),
)
export type VolumeStats = Static<typeof VolumeStats>

export const VolumeTrend = named(
  'VolumeTrend',
  Type.Object({
    trend: Type.Enum(['increasing', 'decreasing', 'stable', 'insufficient_data'], {
      description:
        'Of the second half against the first: beyond 10 % either way, or stable. Insufficient with fewer sessions than the period has, or no volume in the first half',
    }),
    change_percent: Type.Number({
      description: 'Second half against the first; 0 where data is insufficient',
    }),
    first_half_avg: Type.Number({ description: 'Mean volume of the older half; 0 of no sessions' }),
    second_half_avg: Type.Number({ description: 'Mean volume of the newer half; 0 of no sessions' }),
    period_days: Type.Integer({ description: 'Sessions compared, half against half' }),
    data_points: Type.Integer({ description: 'Sessions there are' }),
  }),
)
export type VolumeTrend = Static<typeof VolumeTrend>

export const volumeQuery = (defaultSymbol: string) =>
  listQuery({
    symbol: SymbolParameter(defaultSymbol),
    from: DateParameter('first'),
    to: DateParameter('last'),
  })

export const lastSessionsQuery = (defaultSymbol: string) =>
  Type.Object({
    symbol: SymbolParameter(defaultSymbol),
    days: Type.Integer({
      minimum: 7,
      maximum: 365,
      default: 30,
      description: 'Sessions, counted back from the newest there is',
    }),
  })

export const volumeTrendQuery = (defaultSymbol: string) =>
  Type.Object({ symbol: SymbolParameter(defaultSymbol) })
