// What a clear takes and answers.
import Type, { type Static } from 'typebox'
import { named, nullable } from '../../http/schemas.ts'

/** As many characters as the longest key of ours is ever likely to have, and an end to it. */
const KEY_MAX_LENGTH = 2048
/** Above it nothing is counted to its end, so that it could not be held to. */
const MAX_MAXIMUM = 250_000

export const KeyParameter = Type.String({
  maxLength: KEY_MAX_LENGTH,
  description: 'One whole key, without globbing',
})
const pattern = Type.Optional(
  Type.String({
    description:
      'Glob over keys, as Redis matches: `media:*`. At most 64 characters. Absent: everything of ours',
  }),
)
/** How carefully; the same wherever a clear is asked for. */
const care = {
  dry_run: Type.Optional(
    Type.Boolean({ description: 'Clears nothing: answers how many keys it would be, and some of them' }),
  ),
  max: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_MAXIMUM,
      description:
        'Keys that this may delete, counted before: of more, nothing is cleared and the answer is 409. Not with `tag`, which deletes none',
    }),
  ),
  reason: Type.Optional(
    Type.String({ description: 'Why, in one line of at most 200 characters, for the log of clears' }),
  ),
}

/** Closed, like the others here: a misspelt name must not clear everything. */
export const ClearQuery = Type.Object(
  {
    pattern,
    key: Type.Optional(KeyParameter),
    tag: Type.Optional(
      Type.String({
        description:
          'Everything made of these data: `dataset:media`, `dataset:volume`, `dataset:score`, `source:hespress`, `symbol:^GSPC`. At once, however much it is: nothing is searched for or deleted',
      }),
    ),
    ...care,
  },
  { additionalProperties: false },
)
export type Asked = Static<typeof ClearQuery>
export const NoQuery = Type.Object({}, { additionalProperties: false })
export const ClearBody = Type.Object({ pattern, ...care }, { additionalProperties: false })

/** What was asked for, as every answer repeats it. */
const selection = {
  pattern: nullable(Type.String()),
  key: Type.Optional(Type.String()),
  tag: Type.Optional(Type.String()),
}

const analyses = Type.Optional(
  Type.Object(
    {
      count: Type.Integer(),
      cost: Type.Array(Type.Object({ amount: Type.String(), currency: Type.String() })),
    },
    {
      description:
        'Kept results of analyses, which `text:*` and `analysis:*` delete as well, and what they cost',
    },
  ),
)

export const ClearAnswer = named(
  'ClearResult',
  Type.Object({
    success: Type.Boolean(),
    deleted: Type.Integer({
      description:
        'Distinct keys found in Redis and in this memory; 0 for a tag, which needs none to be found',
    }),
    ...selection,
    message: Type.String(),
    analyses,
    seq: nullable(Type.Integer({ description: 'Its number in `/cache/clears`; null while it is pending' })),
    scope: Type.Enum(['instance', 'fleet'], {
      description: 'How far the clear reaches: every instance, or this one alone while it is pending',
    }),
    instances: Type.Object({
      confirmed: Type.Integer({ description: 'Instances that have applied the clear, this one among them' }),
      expired: Type.Array(Type.String(), {
        description:
          'Instances that did not answer and may serve nothing from their cache until they have applied it',
      }),
    }),
    pending: Type.Boolean({ description: 'Whether the clear is still to be written to the clear log' }),
  }),
)
export type ClearAnswer = Static<typeof ClearAnswer>

export const DryRunAnswer = named(
  'ClearDryRun',
  Type.Object({
    success: Type.Boolean(),
    dry_run: Type.Literal(true),
    deleted: Type.Literal(0),
    ...selection,
    message: Type.String(),
    count: Type.Integer({
      minimum: 0,
      description: 'Distinct keys in Redis and in this memory that the clear selects',
    }),
    complete: Type.Boolean({
      description:
        'Whether these are all. Not where Redis did not answer or has too many keys to count, nor for a tag, which is not looked for in Redis',
    }),
    sample: Type.Array(Type.String(), { description: 'Up to 20 of these keys' }),
    analyses,
  }),
)
export type DryRunAnswer = Static<typeof DryRunAnswer>
