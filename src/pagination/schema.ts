// What a list takes and what it says about its page, as schemas: the HTTP layer validates and documents with them.
import Type, { type Static } from 'typebox'

/** All query parameters of a list that are not filters. */
export const PageQuerySchema = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: 500, default: 20, description: 'Rows of a page at most' }),
  order: Type.Enum(['asc', 'desc'], { default: 'desc', description: 'Direction of the sort key' }),
  offset: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Rows to skip; never together with `cursor`' }),
  ),
  cursor: Type.Optional(
    Type.String({
      description:
        'Where to go on: a `next_cursor` or `prev_cursor` of the same route, filters and order. Never together with `offset`',
    }),
  ),
  count: Type.Optional(
    Type.Enum(['exact'], { description: 'Counts all rows of the list into `pagination.total`' }),
  ),
})

const total = Type.Optional(
  Type.Integer({ minimum: 0, description: 'All rows of the list; only where `count=exact` asks for it' }),
)

export const OffsetPaginationSchema = Type.Object(
  {
    type: Type.Literal('offset'),
    offset: Type.Integer({ minimum: 0 }),
    has_next: Type.Boolean({ description: 'There are rows behind this page' }),
    next_cursor: Type.Union([Type.String(), Type.Null()], {
      description:
        'Goes on behind the last row of this page, by `cursor`, whatever came in before it; null at the end',
    }),
    total,
  },
  { title: 'OffsetPagination' },
)

export const CursorPaginationSchema = Type.Object(
  {
    type: Type.Literal('cursor'),
    has_next: Type.Boolean({ description: 'There are rows behind this page' }),
    has_prev: Type.Boolean({ description: 'There are rows before this page' }),
    next_cursor: Type.Union([Type.String(), Type.Null()], { description: 'null at the end' }),
    prev_cursor: Type.Union([Type.String(), Type.Null()], { description: 'null at the beginning' }),
    total,
  },
  { title: 'CursorPagination' },
)

export const PaginationSchema = Type.Union([OffsetPaginationSchema, CursorPaginationSchema])

export type Order = Static<typeof PageQuerySchema>['order']
export type Pagination = Static<typeof PaginationSchema>

/** The parameters as the handler has them: validated, defaults filled in, absent ones left out or undefined. */
export interface PageQuery {
  limit: number
  order: Order
  offset?: number | undefined
  cursor?: string | undefined
  count?: 'exact' | undefined
}
