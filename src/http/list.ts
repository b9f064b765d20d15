// Answers a list through the cache: page parameters in, envelope and Link header out.
import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  readPage,
  type Filters,
  type ListDefinition,
  type ListPage,
  type PageQuery,
  type PageRequest,
} from '../pagination/index.ts'
import type { Category } from '../plugins/cache.ts'
import { answerFromCache } from './cached.ts'

export interface ListResource {
  category: Category
  list: ListDefinition
  /** Canonical, defaults filled in. */
  filters: Filters
  tags: readonly string[]
  maxOffset: number
}

/** @throws PageError when the page parameters do not fit; nothing is looked up then. */
export function answerList(
  request: FastifyRequest,
  reply: FastifyReply,
  { category, list, filters, tags, maxOffset }: ListResource,
  query: PageQuery,
  load: (page: PageRequest) => Promise<ListPage<object>>,
): undefined | Promise<void> {
  const page = readPage(list, query, filters, { maxOffset })
  const { limit, order, offset, cursor, count } = query
  // The filters last: see `heldEntry` in memory.ts.
  const parameters = { limit, order, offset, cursor, count, ...filters }
  // There are as many cursors as rows, and hardly one is asked for twice.
  const resource = { category, name: 'list', parameters, tags, isRare: cursor !== undefined }
  return answerFromCache(request, reply, resource, async () => {
    const { envelope, link } = await load(page)
    return { value: envelope, link }
  })
}
