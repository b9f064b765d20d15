// Press articles: each record checked by itself against one schema, whatever format it came in.
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { instantComplaint, parseInstant, tomorrow } from '../time/instants.ts'
import { readTable, type TableRecord } from './csv.ts'
import { fieldReader, missingReason } from './field-names.ts'
import { DECIMAL, parseEach, readValues, UNTOLD, type Format, type RowProblem } from './formats.ts'
import { Notes } from './notes.ts'
import type { Parsed } from './report.ts'
import { quote } from './wording.ts'

/** Absent, null and (in text) empty mean the same. */
const optionalText = (maxLength: number) =>
  Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength }))

export const SOURCE_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'

/** What a producer writes. Fields that are not named here are ignored, and the report names them. */
export const ArticleSchema = Type.Object({
  source: Type.String({ pattern: SOURCE_PATTERN }),
  title: Type.String({ maxLength: 1000, pattern: '\\S' }),
  url: Type.String({ maxLength: 2048 }),
  summary: optionalText(5000),
  content: optionalText(500_000),
  image_url: optionalText(2048),
  language: optionalText(16),
  /** RFC 3339 with up to six fraction digits, or a plain date for midnight UTC. */
  published_at: Type.String(),
  sentiment_score: Type.Optional(
    Type.Unsafe<number | null>({ type: ['number', 'null'], minimum: -1, maximum: 1 }),
  ),
  sentiment_label: Type.Optional(
    Type.Unsafe<'positive' | 'neutral' | 'negative' | null>({
      enum: ['positive', 'neutral', 'negative', null],
    }),
  ),
  scraped_at: optionalText(40),
})
type Article = Static<typeof ArticleSchema>

/** A row of `media_articles` as the line determines it; `scraped_at` null keeps what is stored, or is now. */
export interface ArticleRow {
  source: string
  title: string
  url: string
  summary: string | null
  content: string | null
  image_url: string | null
  language: string | null
  published_at: string
  sentiment_score: number | null
  sentiment_label: 'positive' | 'neutral' | 'negative' | null
  scraped_at: string | null
}

type Problem = RowProblem

const checker = Compile(ArticleSchema)
/** An index row holds no more; PostgreSQL measures a URL in bytes as well. */
const MAX_URL_BYTES = 2600
const POSITIVE_FROM = 0.3
const TEXT_FIELDS = ['source', 'title', 'url', 'summary', 'content', 'image_url', 'language'] as const

const COLUMNS = {
  required: ['source', 'title', 'url', 'published_at'],
  optional: [
    'summary',
    'content',
    'image_url',
    'language',
    'sentiment_score',
    'sentiment_label',
    'scraped_at',
  ],
  multiline: true,
} as const
const KNOWN = new Set<string>([...COLUMNS.required, ...COLUMNS.optional])

/** What each field takes, as the end of a sentence. */
const EXPECTED: Readonly<Record<string, string | undefined>> = {
  source: 'a code: at most 64 letters, digits and . _ -, of which the first is a letter or a digit',
  title: 'a title: text of at most 1000 characters that is not blank',
  url: 'text of at most 2048 characters',
  summary: 'text of at most 5000 characters, or null',
  content: 'text of at most 500000 characters, or null',
  image_url: 'text of at most 2048 characters, or null',
  language: 'text of at most 16 characters, or null',
  published_at: 'text: a date, or an RFC 3339 date-time with its offset',
  sentiment_score: 'a number from -1 to 1, or null',
  sentiment_label: 'one of positive, neutral, negative, or null',
  scraped_at: 'text: a date, or an RFC 3339 date-time with its offset, or null',
}

/** @throws LoadError when the input as a whole is not of this format. */
export function readArticles(
  input: AsyncIterable<Uint8Array>,
  format: Format = 'ndjson',
  notes = new Notes(),
): AsyncIterable<Parsed<ArticleRow>[]> {
  // It has begun somewhere already.
  const lastDate = tomorrow()
  if (format === 'csv')
    return parseEach(readTable(input, COLUMNS, notes), (record, isReasonWanted) =>
      readArticle(fromTable(record), lastDate, isReasonWanted),
    )
  const readFields = fieldReader(KNOWN, notes)
  return parseEach(readValues(input, format), ({ value }, isReasonWanted) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return { field: null, reason: `${quote(value)} is not an object` }
    const named = readFields(value)
    if ('reason' in named) return named
    const { fields } = named
    const missing = COLUMNS.required.find((name) => fields[name] === undefined)
    if (missing === undefined) return readArticle(fields, lastDate, isReasonWanted)
    return isReasonWanted ? { field: missing, reason: missingReason(value, KNOWN) } : UNTOLD
  })
}

type Column = (typeof COLUMNS)[keyof typeof COLUMNS & ('required' | 'optional')][number]

/** As JSON would have it; what stands for no number stays text, for the schema to refuse. */
function fromTable({ values }: TableRecord<Column>): object {
  const { sentiment_score: score = '', sentiment_label: label = '' } = values
  return {
    ...values,
    sentiment_score: score === '' ? null : DECIMAL.test(score) ? Number(score) : score,
    sentiment_label: label === '' ? null : label,
  }
}

function readArticle(value: object, lastDate: string, isReasonWanted: boolean): ArticleRow | Problem {
  if (!checker.Check(value)) return isReasonWanted ? schemaProblem(value) : UNTOLD
  const publishedAt = parseInstant(value.published_at, 'start')
  const scrapedAt = parseInstant(value.scraped_at ?? '', 'start')
  const problem =
    textProblem(value) ??
    urlProblem('url', value.url) ??
    urlProblem('image_url', value.image_url || null) ??
    instantProblem('published_at', value.published_at, publishedAt, lastDate) ??
    instantProblem('scraped_at', value.scraped_at || null, scrapedAt, lastDate)
  if (problem !== null) return problem
  const score = value.sentiment_score ?? null
  return {
    source: value.source,
    title: value.title,
    url: value.url,
    summary: value.summary || null,
    content: value.content || null,
    image_url: value.image_url || null,
    language: value.language || null,
    published_at: publishedAt ?? '',
    sentiment_score: score,
    sentiment_label: value.sentiment_label ?? (score === null ? null : labelOfSentiment(score)),
    scraped_at: scrapedAt,
  }
}

/** `positive` from 0.3, `negative` down from -0.3, else `neutral`. */
export function labelOfSentiment(score: number): 'positive' | 'neutral' | 'negative' {
  if (score >= POSITIVE_FROM) return 'positive'
  return score <= -POSITIVE_FROM ? 'negative' : 'neutral'
}

function schemaProblem(value: object): Problem {
  const [first] = checker.Errors(value)
  const field = first?.instancePath.slice(1) ?? ''
  const expected = EXPECTED[field]
  if (expected === undefined) return { field: null, reason: first?.message ?? 'does not fit the schema' }
  return { field, reason: `${quote((value as Record<string, unknown>)[field])} is not ${expected}` }
}

/** PostgreSQL stores no NUL, and half of a surrogate pair is no character in any encoding. */
function textProblem(article: Article): Problem | null {
  const field = TEXT_FIELDS.find((name) => /[\0\p{Surrogate}]/u.test(article[name] ?? ''))
  return field === undefined ? null : { field, reason: 'has a NUL or an unpaired surrogate in it' }
}

function urlProblem(field: string, url: string | null | undefined): Problem | null {
  if (url === null || url === undefined) return null
  if (!/^https?:\/\/\S+$/i.test(url) || !URL.canParse(url))
    return { field, reason: `${quote(url)} is not an http or https URL` }
  if (Buffer.byteLength(url) > MAX_URL_BYTES)
    return { field, reason: `${quote(url)} has more than ${MAX_URL_BYTES} bytes` }
  return null
}

function instantProblem(
  field: string,
  text: string | null | undefined,
  instant: string | null,
  lastDate: string,
): Problem | null {
  if (text === null || text === undefined) return null
  if (instant === null) return { field, reason: `${quote(text)}: ${instantComplaint(text)}` }
  return instant.slice(0, lastDate.length) > lastDate
    ? { field, reason: `${quote(text)} is after tomorrow, ${lastDate}` }
    : null
}
