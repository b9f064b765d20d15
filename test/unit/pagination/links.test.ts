// Links: one canonical spelling, nothing lost or gained on the way to a server and back.
import fc from 'fast-check'
import t from 'tap'
import { decodeCursor } from '../../../src/pagination/cursor.ts'
import {
  defineList,
  finishPage,
  readPage,
  type Filters,
  type PageQuery,
  type ReadablePage,
} from '../../../src/pagination/index.ts'
import { pageAddresses } from '../../../src/pagination/links.ts'
import { parseLinks } from '../../support/link-header.ts'

const list = defineList({ name: 'x', keys: [{ column: 'id', kind: 'id' }] })

function request(query: Partial<PageQuery>, filters: Filters = {}, maxOffset = 100): ReadablePage {
  const page = readPage(list, { limit: 2, order: 'desc', ...query }, filters, { maxOffset })
  if (page.kind === 'after-id') throw new Error('no ids here')
  return page
}

/** The page's links when the rows with these ids were read. */
function linksOf(page: ReadablePage, ids: number[], otherSide = false): Record<string, string> {
  const reader = { itemOf: (id: number) => id, keysOf: (id: number) => [String(id)] }
  return parseLinks(finishPage(page, { rows: ids, otherSide, total: null }, reader).link)
}

t.test('an address repeats filters, order, size and count, sorted and escaped', (t) => {
  const filters = {
    symbol: '^GSPC',
    from: '2025-10-23T00:00:00+02:00',
    source: 'Les Échos & Cie>; rel="next"',
    day: 7,
    none: undefined,
  }
  t.equal(
    pageAddresses(request({ count: 'exact' }, filters))({ cursor: 'abc-_' }),
    '?day=7&from=2025-10-23T00%3A00%3A00%2B02%3A00&source=Les%20%C3%89chos%20%26%20Cie%3E%3B%20rel%3D%22next%22&symbol=%5EGSPC' +
      '&order=desc&limit=2&cursor=abc-_&count=exact',
  )
  t.equal(pageAddresses(request({ order: 'asc' }))({ offset: 0 }), '?order=asc&limit=2&offset=0')
  t.equal(pageAddresses(request({}))(null), '?order=desc&limit=2')
  t.end()
})

t.test('any filter value comes back as it was, in printable ASCII', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const address = pageAddresses(request({}, { value }))({ offset: 4 })
      const query = new URL(address, 'http://localhost').searchParams
      return (
        /^[!-~]+$/.test(address) &&
        !/[<>"+]/.test(address) &&
        query.get('value') === Buffer.from(value).toString() &&
        query.get('offset') === '4'
      )
    }),
  )
  t.end()
})

t.test('the first cursor page links on, not back', (t) => {
  const links = linksOf(request({}), [9, 8, 7])
  t.strictSame(Object.keys(links), ['first', 'next'])
  t.equal(links.first, '?order=desc&limit=2')
  const cursor = new URL(links.next!, 'http://localhost').searchParams.get('cursor')!
  t.strictSame(decodeCursor(request({}), cursor), { direction: 'forward', values: ['8'], inclusive: false })
  t.end()
})

t.test('a page at the end links back only, an empty list nowhere but to its beginning', (t) => {
  const page = {
    ...request({}),
    position: { direction: 'forward', values: ['5'], inclusive: false },
  } as ReadablePage
  const links = linksOf(page, [4], true)
  t.strictSame(Object.keys(links), ['first', 'prev'])
  const cursor = new URL(links.prev!, 'http://localhost').searchParams.get('cursor')!
  t.strictSame(decodeCursor(page, cursor), { direction: 'backward', values: ['4'], inclusive: false })
  t.strictSame(Object.keys(linksOf(page, [], true)), ['first', 'prev'])
  t.strictSame(Object.keys(linksOf(page, [], false)), ['first'])
  t.strictSame(Object.keys(linksOf(request({}), [])), ['first'])
  t.end()
})

t.test('offset pages link by offset', (t) => {
  const at = (offset: number): string => `?order=desc&limit=2&offset=${offset}`
  t.strictSame(linksOf(request({ offset: 0 }), [9, 8, 7]), { first: at(0), next: at(2) })
  t.strictSame(linksOf(request({ offset: 4 }), [5, 4, 3]), { first: at(0), prev: at(2), next: at(6) })
  t.strictSame(linksOf(request({ offset: 1 }), [8, 7]), { first: at(0), prev: at(0) })
  t.strictSame(linksOf(request({ offset: 98 }), [3, 2, 1]), { first: at(0), prev: at(96), next: at(100) })
  t.end()
})

t.test('past the deepest offset the next link goes on by cursor', (t) => {
  const links = linksOf(request({ offset: 99 }), [3, 2, 1])
  const next = new URL(links.next!, 'http://localhost').searchParams
  t.notOk(next.has('offset'))
  t.strictSame(decodeCursor(request({}), next.get('cursor')!), {
    direction: 'forward',
    values: ['2'],
    inclusive: false,
  })
  t.end()
})
