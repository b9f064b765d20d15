// What `/cache/stats` answers: of this instance since it started, of its last minutes, and of the fleet.
import Type, { type Static, type TSchema } from 'typebox'
import { named, nullable } from '../http/schemas.ts'

const Count = Type.Integer({ minimum: 0 })
const count = (description: string) => Type.Integer({ minimum: 0, description })
const Percent = nullable(Type.Number({ description: 'Hits in per cent of look-ups; null of none' }))
const instant = (description: string) => Type.String({ format: 'date-time', description })

const lookUps = {
  hits: count('Look-ups answered by a fresh entry, from memory or Redis'),
  misses: count('Look-ups that waited for a load; stale, bypassed and failed ones are among them'),
  hit_rate: Percent,
  memory_hits: Count,
  redis_hits: Count,
  stale: count('Misses that were answered by an expired entry'),
  bypassed: count('Misses whose answer was too large to be stored'),
  failed: count('Misses that nothing could answer'),
  loads: count('Loads from PostgreSQL, those ahead of need among them'),
  load_failures: count(
    'Loads that failed; who waited for one was answered by an expired entry, or is among `failed`',
  ),
}

const loadTimes = {
  load_ms_p50: nullable(
    Type.Number({ description: 'Half of the loads took at most so many milliseconds; null of none' }),
  ),
  load_ms_p99: nullable(Type.Number({ description: 'The same of 99 in 100' })),
}

const Category = Type.Object({
  ...lookUps,
  ...loadTimes,
  entries: count('In memory now'),
  bytes: count('In memory now'),
})

const Figures = Type.Object({ ...lookUps, ...loadTimes })
const byCategory = <Of extends TSchema>(figures: Of, description: string) =>
  Type.Record(Type.String(), figures, { description })

const Window = Type.Object({
  requests: count('Answers of data routes, whatever their status'),
  redis_commands: Count,
  ...lookUps,
  ...loadTimes,
  categories: byCategory(Figures, 'By category, those that were asked for'),
})

const Fleet = Type.Object({
  as_of: instant(
    'When the other instances were last asked about; this one is counted up to now. Each writes what it counted every 5 s at most: an instance that is killed loses what it counted since',
  ),
  instances: count('On the list of those that clears wait for; one that was killed is until the next clear'),
  requests: count('Answers of data routes, whatever their status'),
  redis_commands: Count,
  ...lookUps,
  categories: byCategory(Type.Object(lookUps), 'By category'),
})

const Redis = Type.Object({
  memory_limit_bytes: nullable(Type.Integer({ description: '`maxmemory`; null where none is set' })),
  policy: nullable(Type.String({ description: 'Which keys go when the limit is reached' })),
  evicted_keys: nullable(
    Type.Integer({ description: 'Keys that went so since Redis started, of any application' }),
  ),
  clients: nullable(Type.Integer({ description: 'Connections to this Redis, of any application' })),
  own_keys_counted_at: nullable(instant('When `redis_own_keys` was counted')),
  unanswered: count('Calls that got no answer in time, or were not even sent since Redis was away'),
  commands: Type.Object({
    sent: count('Since the start of this instance, whatever for'),
    per_request: nullable(
      Type.Number({ description: 'For each look-up since the start; null where there was none' }),
    ),
    per_day: nullable(
      Type.Number({ description: 'At the pace of the last hour; null in the first minute of an instance' }),
    ),
  }),
  breaker: Type.Object({
    state: Type.Enum(['closed', 'open'], { description: 'open: nothing is asked of Redis for now' }),
    since: instant('Since when'),
  }),
})

const Lease = Type.Object({
  state: Type.Enum(['held', 'idle', 'lost'], {
    description:
      'held: the cache may answer. idle: nobody has asked for anything lately. lost: PostgreSQL is away and does not say what was cleared, so that every entry counts as expired',
  }),
  since: instant('Since when'),
})

const Database = Type.Object({
  status: Type.Enum(['connected', 'away'], {
    description: 'PostgreSQL, as the last request or poll found it',
  }),
  since: instant('Since when; of an instance that was never without it, since its start'),
})

export const OwedClear = named(
  'OwedClear',
  Type.Object({
    kind: Type.Enum(['pattern', 'key', 'tag']),
    selector: Type.String({ description: 'The pattern, the key or the tag' }),
    actor: Type.String({ description: 'Who asked' }),
    reason: nullable(Type.String({ description: 'Why' })),
    cleared_at: instant('Since when it holds on this instance'),
  }),
)

const Savings = Type.Object({
  loads_avoided: count('Look-ups since the start that needed no load of their own'),
  seconds: Type.Number({
    description:
      'What these would have taken, each at the median of the loads of its category that brought an answer',
  }),
  cost: nullable(
    Type.Number({
      description:
        'What these would have cost, at `CACHE_LOAD_COST` a load and in its currency; null where that is not set',
    }),
  ),
})

const known = (description: string) => nullable(count(description))
const amount = (description: string) => nullable(Type.String({ description }))
const Analyses = Type.Object(
  {
    calls: known('Of analysers'),
    hits: known('Requests that a kept result answered'),
    shared: known("Requests that waited for somebody else's call"),
    failures: known('Calls that brought no result'),
    hit_rate: nullable(
      Type.Number({
        description: 'Answers without a call of their own in per cent of all answers; null of none',
      }),
    ),
    spent: amount('Decimal number; null where there are several currencies'),
    saved: amount('What hits and shared calls would have cost, each at the price of its own original'),
    currency: nullable(Type.String({ description: 'ISO 4217; null where there are several, or none' })),
    roi: nullable(
      Type.Number({ description: 'What was saved for each unit that was spent; null where nothing was' }),
    ),
    running: known('Calls under way, of the fleet'),
    waiting: count('Callers in line for a call, of this instance'),
    today: Type.Object(
      { spent: amount('Decimal number'), saved: amount('Decimal number') },
      { description: 'The day of UTC' },
    ),
    budgets: Type.Array(
      Type.Object({
        analyser: Type.String(),
        currency: Type.String(),
        budget: Type.String({ description: 'Of a day of UTC' }),
        left: amount('Of that of today'),
      }),
      { description: 'Of the analysers that have one' },
    ),
  },
  {
    description:
      'What analyses cost and saved since ever, of the fleet, as of the last second; null while PostgreSQL does not answer. `/api/v1/analyses/savings` has it by day and analyser',
  },
)

export const StatsAnswer = named(
  'CacheStats',
  Type.Object({
    success: Type.Boolean(),
    cache: Type.Object({
      enabled: Type.Boolean({ description: 'Whether anything is cached at all' }),
      status: Type.Enum(['connected', 'degraded', 'disabled'], {
        description: 'Of Redis; disabled: none is configured',
      }),
      backend: Type.Enum(['redis', 'memory']),
      redis_connected: Type.Boolean(),
      redis_used_memory: nullable(Type.String({ description: 'As Redis prints it' })),
      redis_used_memory_bytes: nullable(Type.Integer()),
      redis_keys: nullable(Type.Integer({ description: 'All keys of this database of Redis' })),
      redis_own_keys: nullable(
        Type.Integer({ description: 'Ours, counted at most every 30 s; null while not known' }),
      ),
      memory_cache_size: count('Entries in memory'),
      memory_cache_bytes: Count,
      memory_cache_limit_bytes: count('`CACHE_MEMORY_MAX_MB`; 0 where there is no memory tier'),
      instance: Type.String({ description: 'Which instance answers' }),
      since: instant('When it started; what is not said otherwise is counted from then on'),
      requests: count('Answers of data routes, whatever their status'),
      ...lookUps,
      ...loadTimes,
      categories: byCategory(Category, 'By category'),
      windows: Type.Object(
        { '1m': Window, '5m': Window, '1h': Window },
        { description: 'Of the last minute, 5 minutes, hour; exact to 5 s, of the hour to a minute' },
      ),
      fleet: nullable(Fleet),
      lease: Lease,
      database: Database,
      owed_clears: Type.Array(OwedClear, {
        description:
          'Clears that hold on this instance alone, until PostgreSQL is back and they are written to the log; the newest first',
      }),
      redis: nullable(Redis),
      savings: Savings,
      analyses: Analyses,
    }),
    message: Type.String(),
  }),
)
export type OwedClear = Static<typeof OwedClear>
export type StatsAnswer = Static<typeof StatsAnswer>
export type LookUps = Static<typeof Figures>
