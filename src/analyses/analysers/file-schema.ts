// The form of the ANALYSERS file: each field, its limits and its default.
import Type, { type Static } from 'typebox'
import { MONEY_FORM } from '../money.ts'

const MONEY = { pattern: '^(0|[1-9][0-9]{0,11})(\\.[0-9]{1,6})?$', 'x-expects': MONEY_FORM }
/** Node's fetch waits no longer for an answer to begin. */
const MAX_TIMEOUT_MS = 300_000

const words = (what: string) =>
  Type.Optional(
    Type.Array(Type.String({ pattern: '^[^\\u0000-\\u0020\\u007f]{1,64}$' }), {
      minItems: 1,
      maxItems: 200,
      uniqueItems: true,
      'x-expects': `a list of different ${what}, each of at most 64 characters without blanks`,
      description: `The ${what} that it takes; unset: any`,
    }),
  )

const COMMON = {
  name: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
    'x-expects': 'at most 64 letters, digits and . _ -, the first one a letter or digit',
  }),
  url: Type.String({
    maxLength: 2000,
    description: 'http or https, without user name, password and fragment',
  }),
  version: Type.String({
    pattern: '^[\\x21-\\x7e]{1,64}$',
    'x-expects': 'text of at most 64 printable ASCII characters without blanks',
    description: 'Another one makes every result a new one',
  }),
  cost: Type.String({ ...MONEY, default: '0', description: 'Of one call' }),
  currency: Type.String({
    pattern: '^[A-Z]{3}$',
    'x-expects': 'three capital letters, as ISO 4217 has them',
    default: 'EUR',
  }),
  key_env: Type.Optional(
    Type.String({
      pattern: '^[A-Z_][A-Z0-9_]{0,99}$',
      'x-expects': "the name of an environment variable in capitals, which holds the provider's key",
    }),
  ),
  languages: words('languages'),
  tones: words('tones'),
  parameters: words('names of parameters'),
  schema: Type.Optional(
    Type.Unknown({ description: 'JSON schema that each result satisfies; unset: any JSON' }),
  ),
  timeout_ms: Type.Integer({
    minimum: 1,
    maximum: MAX_TIMEOUT_MS - 1,
    default: 30_000,
    description: 'Limit of a whole call',
  }),
  concurrency: Type.Integer({ minimum: 1, maximum: 1000, default: 8, description: 'Calls at a time' }),
  daily_budget: Type.Optional(Type.String({ ...MONEY, description: 'Of a day of UTC; unset: none' })),
}

const HttpFields = Type.Object({
  ...COMMON,
  kind: Type.Literal('http'),
  accepts: Type.Array(Type.Enum(['text', 'file']), {
    minItems: 1,
    uniqueItems: true,
    default: ['text'],
    'x-expects': '["text"], ["file"] or both',
  }),
  result: Type.String({
    pattern: '^(/([^~/]|~[01])*)*$',
    maxLength: 500,
    default: '',
    'x-expects': 'a JSON pointer such as "/data/verdict", or "" for the whole answer',
  }),
  template: Type.Optional(
    Type.Unknown({ description: 'JSON that is sent with a text, with "{text}" where it is to stand' }),
  ),
  headers: Type.Optional(
    Type.Record(Type.String(), Type.String({ maxLength: 1000 }), {
      'x-expects': 'an object of texts',
      description: 'Sent with each call; nothing secret',
    }),
  ),
})

const OpenaiFields = Type.Object({
  ...COMMON,
  kind: Type.Literal('openai'),
  accepts: Type.Array(Type.Enum(['text']), {
    minItems: 1,
    uniqueItems: true,
    default: ['text'],
    'x-expects': '["text"]: this kind takes no files',
  }),
  model: Type.String({ minLength: 1, maxLength: 200, 'x-expects': "the model's name" }),
  prompt_file: Type.String({
    minLength: 1,
    'x-expects': 'the path of a text file, from the folder of this one',
  }),
  max_tokens: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
})

export type HttpFields = Static<typeof HttpFields>
export type OpenaiFields = Static<typeof OpenaiFields>

/** By kind. */
export const FIELDS = { http: HttpFields, openai: OpenaiFields }
