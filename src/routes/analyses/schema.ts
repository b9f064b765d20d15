// What the routes of analyses take and answer.
import Type, { type Static } from 'typebox'
import { named, nullable } from '../../http/schemas.ts'

/** Texts are judged whole; longer ones are files. */
export const TEXT_MAX_LENGTH = 200_000

export const LANGUAGE_PATTERN = '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$'
export const TONE_PATTERN = '^[^\\p{Cc}\\p{Cs}]{1,64}$'

const language = Type.String({
  pattern: LANGUAGE_PATTERN,
  'x-expects': 'a language tag, such as en or fr',
  description: 'Of the content, such as `en` or `fr`',
  'x-example': 'en',
})
const tone = Type.String({
  pattern: TONE_PATTERN,
  'x-expects': 'a tone of the analyser: at most 64 characters on one line',
  description: 'As the analyser knows it',
  'x-example': 'formal',
})
const analyser = Type.String({
  pattern: '^[A-Za-z0-9._-]{1,64}$',
  'x-expects': 'the name of an analyser: at most 64 letters, digits and . _ -',
  description: 'Name of an analyser. Absent: the first one of the configuration, or `lexicon`',
  'x-example': 'lexicon',
})
const subject = Type.String({
  description:
    'Whom the content is about, in at most 200 characters: the result is kept for them alone, sealed, and briefly. Better sent as the header `x-subject`, which no log on the way notes',
  'x-example': 'Jane Roe',
})

/** The same in a body of JSON, in a form and in a query. */
const asked = {
  language: Type.Optional(language),
  tone: Type.Optional(tone),
  analyser: Type.Optional(analyser),
  subject: Type.Optional(subject),
}
const parametersText = Type.Optional(
  Type.String({
    description: 'Whatever else the analyser takes, as a JSON object',
    'x-example': '{"depth":2}',
  }),
)

export const TextRequest = named(
  'TextAnalysisRequest',
  Type.Object(
    {
      text: Type.String({
        maxLength: TEXT_MAX_LENGTH,
        'x-expects': `a text of at most ${TEXT_MAX_LENGTH} characters`,
        description: 'What is analysed. Blanks, line ends and the form of accents make no difference',
      }),
      ...asked,
      parameters: Type.Optional(
        Type.Object({}, { additionalProperties: true, description: 'Whatever else the analyser takes' }),
      ),
    },
    { additionalProperties: false },
  ),
)
export type TextRequest = Static<typeof TextRequest>

export const AnalysisQuery = Type.Object(
  { ...asked, parameters: parametersText },
  { additionalProperties: false },
)
export type AnalysisQuery = Static<typeof AnalysisQuery>

/** Of a look-up; unknown parameters are ignored, as in every read. */
export const LookUpQuery = Type.Object({ ...asked, parameters: parametersText })

export const HashParameters = Type.Object({
  hash: Type.String({
    pattern: '^[0-9A-Fa-f]{64}$',
    'x-expects': 'a SHA-256 in 64 hexadecimal digits',
    description: 'SHA-256 of the content, as `hash` in its analysis',
  }),
})
export const SubjectParameters = Type.Object({ subject })

const money = Type.String({ description: 'Decimal number', examples: ['0.002'] })
const currency = Type.String({ description: 'ISO 4217', examples: ['EUR'] })

export const Analysis = named(
  'Analysis',
  Type.Object({
    hash: Type.String({ description: 'SHA-256 of the content; of a text, of its normalised form' }),
    kind: Type.Enum(['text', 'file']),
    analyser: Type.String(),
    version: Type.String({ description: 'Of the analyser' }),
    language: nullable(Type.String()),
    tone: nullable(Type.String()),
    parameters: Type.Object({}, { additionalProperties: true }),
    result: Type.Unknown({
      description: 'What the analyser found. Of `lexicon`: score from -1 to 1, label, terms',
    }),
    analysed_at: Type.String({ format: 'date-time' }),
    expires_at: Type.String({ format: 'date-time' }),
    cost: Type.Object({ amount: money, currency }, { description: 'What the call cost that brought it' }),
  }),
)

export const DeletedAnalyses = named(
  'DeletedAnalyses',
  Type.Object({
    hash: Type.String(),
    deleted: Type.Integer({
      description: 'Results of this content: of all analysers, parameters and persons',
    }),
    cost: Type.Array(Type.Object({ amount: money, currency }), { description: 'What they had cost' }),
    receipt: receipt(),
  }),
)

export const Forgotten = named(
  'ForgottenSubject',
  Type.Object({
    subject_hash: Type.String({ description: 'How the log of clears names the person' }),
    deleted: Type.Integer({ description: 'Results that were kept' }),
    receipt: receipt(),
  }),
)

/** Of the clear that makes it so in every cache. */
function receipt() {
  return Type.Object({
    seq: nullable(Type.Integer({ description: 'Its number in `/cache/clears`; null while it is pending' })),
    scope: Type.Enum(['instance', 'fleet']),
    instances: Type.Object({ confirmed: Type.Integer(), expired: Type.Array(Type.String()) }),
    pending: Type.Boolean(),
  })
}

const day = (edge: string) =>
  Type.Optional(
    Type.String({
      pattern: '^\\d{4}-\\d{2}-\\d{2}$',
      'x-expects': 'a date, YYYY-MM-DD',
      description: `The ${edge} day of UTC, included`,
      'x-example': '2026-01-31',
    }),
  )
export const SavingsQuery = Type.Object({
  from: day('first'),
  to: day('last'),
  by: Type.Enum(['day', 'analyser'], { default: 'day' }),
})

const counts = {
  calls: Type.Integer({ description: 'Of analysers' }),
  hits: Type.Integer({ description: 'Requests that a kept result answered' }),
  shared: Type.Integer({ description: "Requests that waited for somebody else's call" }),
  failures: Type.Integer({ description: 'Calls that brought no result' }),
  hit_rate: nullable(
    Type.Number({ description: 'Answers without a call of their own, in all answers; null of none' }),
  ),
}
const amounts = {
  spent: nullable(money),
  saved: nullable(money),
  currency: nullable(currency),
}
export const SavingsAnswer = named(
  'AnalysisSavings',
  Type.Object({
    data: Type.Array(
      Type.Object({
        day: Type.Optional(Type.String()),
        analyser: Type.Optional(Type.String()),
        ...counts,
        ...amounts,
      }),
      { description: 'By day or analyser, and by currency' },
    ),
    total: Type.Object(
      {
        ...counts,
        ...amounts,
        roi: nullable(
          Type.Number({ description: 'What was saved for each unit that was spent; null where nothing was' }),
        ),
      },
      { description: 'Amounts are null where there are several currencies' },
    ),
  }),
)
export type SavingsAnswer = Static<typeof SavingsAnswer>
