// Schemas that many routes share.
import Type, { type TSchema } from 'typebox'
import { PageQuerySchema, PaginationSchema } from '../pagination/index.ts'

/** Two decimals, as scores and percentages are answered. */
export function round2(value: number): number {
  return Math.round(value * 100) / 100
}

/** The name of the schema in the OpenAPI document. */
export const named = <Schema extends TSchema>(title: string, schema: Schema): Schema =>
  Object.assign(schema, { title })

export const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

/** A parameter whose pattern needs words: they go into the complaint and the document. */
const words = (expects: string) => ({
  'x-expects': expects,
  description: expects.charAt(0).toUpperCase() + expects.slice(1),
})

/** @param defaultSymbol without one, it must be given. */
export const SymbolParameter = (defaultSymbol?: string) =>
  Type.String({
    ...words('the symbol of an instrument, such as ^GSPC: at most 32 letters, digits and ^ . = _ -'),
    pattern: '^[A-Za-z0-9^.=_-]{1,32}$',
    ...(defaultSymbol === undefined ? {} : { default: defaultSymbol }),
  })

/** Of what people read: some text on one line. */
export const ReferenceName = Type.String({
  maxLength: 200,
  pattern: '^[^\\p{Cc}\\p{Cs}]*[^\\p{Cc}\\p{Cs}\\s][^\\p{Cc}\\p{Cs}]*$',
  'x-expects': 'a name: at most 200 characters on one line',
  description: 'For people',
})

/** Of a route that changes something and takes no parameters. */
export const NoQuery = Type.Object({}, { additionalProperties: false })

export const DateParameter = (edge: 'first' | 'last') =>
  Type.Optional(Type.String({ ...words(`the ${edge} date, YYYY-MM-DD, included`), maxLength: 40 }))

export const InstantParameter = (edge: 'first' | 'last') =>
  Type.Optional(
    Type.String({
      ...words(
        `the ${edge} moment, a date or an RFC 3339 date-time, included${edge === 'last' ? '; a date means its whole UTC day' : ''}`,
      ),
      maxLength: 40,
    }),
  )

/** Query schema of a list: page parameters and its own filters. */
export const listQuery = <Filters extends Record<string, TSchema>>(filters: Filters) =>
  Type.Object({ ...PageQuerySchema.properties, ...filters })

/** The envelope of every list. */
export const listAnswer = <Row extends TSchema>(title: string, row: Row) =>
  named(
    title,
    Type.Object({
      data: Type.Array(row),
      count: Type.Integer({ minimum: 0, description: 'Rows in this page' }),
      limit: Type.Integer({ description: 'Rows asked for' }),
      pagination: PaginationSchema,
    }),
  )

/** A record of a body that was not taken, and all that is needed to find it. */
export const RejectionSchema = named(
  'Rejection',
  Type.Object({
    line: Type.Integer({ description: 'Counted from 1, header and empty lines included' }),
    item: Type.Optional(Type.Integer({ description: 'Of a JSON array: which of its items, from 1' })),
    field: nullable(Type.String({ description: 'null: the record as a whole' })),
    reason: Type.String(),
  }),
)

export const ProblemSchema = named(
  'Problem',
  Type.Object(
    {
      type: Type.String({ description: 'Stable identifier of the kind of problem' }),
      title: Type.String(),
      status: Type.Integer(),
      code: Type.String({ description: 'The same as in `type`, short' }),
      detail: Type.String({ description: 'What is wrong with this request' }),
      request_id: Type.String(),
      errors: Type.Optional(Type.Array(Type.Object({ parameter: Type.String(), detail: Type.String() }))),
      read: Type.Optional(Type.Integer({ description: 'Records read of a body that was refused for some' })),
      rejections: Type.Optional(Type.Array(RejectionSchema, { description: 'The first hundred of those' })),
    },
    { description: 'RFC 9457 problem' },
  ),
)

/** Problem answers by status, as the document lists them. */
export const problemAnswers = (...statuses: number[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { content: { 'application/problem+json': { schema: ProblemSchema } } },
    ]),
  )
