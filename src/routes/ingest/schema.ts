// What the ingestion routes take and answer.
import Type, { type Static, type TSchema } from 'typebox'
import { InstrumentFields } from '../instruments/schema.ts'
import { RejectionSchema, named, SymbolParameter } from '../../http/schemas.ts'
import { ArticleSchema } from '../../loading/articles.ts'
import type { Format } from '../../loading/formats.ts'

const Options = {
  on_error: Type.Enum(['skip', 'abort'], {
    default: 'skip',
    description:
      'What a record that cannot be taken means: it is left out and reported, or nothing of the body is kept',
  }),
  dry_run: Type.Boolean({ default: false, description: 'Everything is checked and counted, nothing kept' }),
}

/** Closed, and without a default for the symbol: bars must not land in an instrument by a slip. */
export const BarsQuery = Type.Object(
  {
    symbol: SymbolParameter(),
    name: Type.Optional(InstrumentFields.name),
    kind: Type.Optional(InstrumentFields.kind),
    currency: Type.Optional(InstrumentFields.currency),
    exchange: Type.Optional(InstrumentFields.exchange),
    ...Options,
  },
  { additionalProperties: false },
)
export const ArticlesQuery = Type.Object(Options, { additionalProperties: false })

const Count = (description: string) => Type.Integer({ minimum: 0, description })

export const IngestReport = named(
  'IngestReport',
  Type.Object({
    read: Count('Records of the body: the sum of the five counts below'),
    inserted: Count('New rows'),
    updated: Count('Rows that were there, with other values'),
    unchanged: Count('Rows that were there, the same'),
    duplicates: Count(
      'Records that a later one of the same body with the same key replaced; of bars, only such as say the same',
    ),
    rejected: Count('Records that cannot be taken'),
    rejections: Type.Array(RejectionSchema, { description: 'The first hundred of those' }),
    ignored: Type.Array(Type.String(), {
      description: 'Columns or fields that mean nothing here, as the body spells them, 50 at most',
    }),
    warnings: Type.Array(Type.String(), { description: 'What may be wrong with the body as a whole' }),
    dry_run: Type.Boolean({ description: 'True: what is counted was undone' }),
    took_ms: Count('From the first byte of the body to the commit'),
  }),
)
export type IngestReport = Static<typeof IngestReport>

/** By media type; one of many that are in use for an object a line. Whether JSON is an array shows in its first character. */
export const FORMAT_OF: Record<string, Format> = {
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/x-jsonl': 'ndjson',
  'application/jsonlines': 'ndjson',
  'application/x-jsonlines': 'ndjson',
  'text/csv': 'csv',
  'application/json': 'json',
}

const Bar = named(
  'BarToIngest',
  Type.Object({
    date: Type.String({ format: 'date', description: 'Not after tomorrow' }),
    open: Type.Number({ exclusiveMinimum: 0, description: 'From `low` to `high`' }),
    high: Type.Number({ exclusiveMinimum: 0, description: 'Not below `low`' }),
    low: Type.Number({ exclusiveMinimum: 0 }),
    close: Type.Number({ exclusiveMinimum: 0, description: 'From `low` to `high`' }),
    volume: Type.Number({ minimum: 0 }),
  }),
)

/** A body in each format, as the document has it: what is checked is each record, not the body. */
const bodyOf = (record: TSchema, columns: string) => ({
  content: {
    'application/x-ndjson': {
      schema: Type.String({ description: 'One JSON object a line, as in the array' }),
    },
    'text/csv': { schema: Type.String({ description: `A header line that names ${columns}, in any order` }) },
    'application/json': { schema: Type.Array(record) },
  },
})
export const BarsBody = bodyOf(Bar, 'date, open, high, low, close and volume')
export const ArticlesBody = bodyOf(
  named('ArticleToIngest', ArticleSchema),
  'source, title, url, published_at and what else there is',
)
