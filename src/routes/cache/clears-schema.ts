// What the log of clears takes and answers.
import Type, { type Static } from 'typebox'
import { listQuery, named, nullable } from '../../http/schemas.ts'

export const ClearsQuery = listQuery({
  actor: Type.Optional(
    Type.String({
      maxLength: 128,
      description: "Who asked: an API key's name, `loopback`, `command line`; `data` for data that changed",
    }),
  ),
  soft: Type.Optional(
    Type.Boolean({
      description:
        'true: only what counts as expired since, as changed data do; false: only what is dead since',
    }),
  ),
})
export type ClearFilters = { [Name in 'actor' | 'soft']: Static<typeof ClearsQuery>[Name] | undefined }

export const ClearParameters = Type.Object({
  seq: Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Number of the clear: its position in the clear log',
  }),
})

export const Clear = named(
  'Clear',
  Type.Object({
    seq: Type.Integer(),
    kind: Type.Enum(['pattern', 'key', 'tag']),
    selector: Type.String({ description: 'The pattern, the key or the tag' }),
    soft: Type.Boolean({ description: 'Whether what it selects may still be answered as `STALE`' }),
    actor: Type.String({ description: 'Who asked' }),
    reason: nullable(Type.String({ description: 'Why' })),
    cleared_at: Type.String({ format: 'date-time', description: 'Since when it holds' }),
    completed_at: nullable(
      Type.String({
        format: 'date-time',
        description:
          'When the figures that follow were noted, at once after it was answered; null where they never are: data that changed, or an instance that ended before',
      }),
    ),
    took_ms: nullable(
      Type.Integer({ description: 'From the request to the answer; where it was pending, to the log' }),
    ),
    deleted: nullable(
      Type.Integer({ description: 'Distinct keys found; null for a tag, and where nobody looked' }),
    ),
    instances: nullable(
      Type.Object({
        confirmed: Type.Integer({ description: 'Instances that had applied it by then' }),
        confirmed_by: Type.Array(Type.String()),
        expired: Type.Array(Type.String(), {
          description:
            'Instances that did not answer and could serve nothing from their cache until they had',
        }),
      }),
    ),
  }),
)
export type Clear = Static<typeof Clear>
