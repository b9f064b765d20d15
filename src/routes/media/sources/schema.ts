// What is known of a media source beside its articles.
import Type, { type Static } from 'typebox'
import { named, nullable, ReferenceName } from '../../../http/schemas.ts'
import { SOURCE_PATTERN } from '../../../loading/articles.ts'

export const SourceParameters = Type.Object({
  code: Type.String({
    pattern: SOURCE_PATTERN,
    'x-expects': 'the code of a source: at most 64 letters, digits and . _ -, the first no sign',
    description: 'Code of a source',
  }),
})
export const SourceBody = Type.Object(
  {
    name: ReferenceName,
    logo_url: Type.Optional(
      nullable(Type.String({ maxLength: 2048, pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$' })),
    ),
  },
  { additionalProperties: false },
)
export type SourceBody = Static<typeof SourceBody>

export const Source = named(
  'Source',
  Type.Object({
    id: Type.Integer(),
    code: Type.String(),
    name: Type.String(),
    logo_url: nullable(Type.String()),
  }),
)
export type Source = Static<typeof Source>
