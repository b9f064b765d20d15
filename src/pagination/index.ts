// What the rest of the service may use of pagination.
export { PageError, type PageErrorCode, type PageParameter } from './errors.ts'
export { defineList, type Filters, type KeyKind, type ListDefinition, type ListKey } from './list.ts'
export { finishPage, type ListEnvelope, type ListPage, type RowReader } from './page.ts'
export {
  isPlainId,
  readPage,
  resolveId,
  type AfterIdPage,
  type PageRequest,
  type ReadablePage,
} from './request.ts'
export {
  CursorPaginationSchema,
  OffsetPaginationSchema,
  PageQuerySchema,
  PaginationSchema,
  type Order,
  type PageQuery,
  type Pagination,
} from './schema.ts'
export { opposite, seek, type KeyBound, type KeyBounds, type KeyRange, type Scan, type Seek } from './seek.ts'
