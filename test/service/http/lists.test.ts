// Every list over HTTP: one envelope, and pages that, followed by link or cursor in either direction, are the whole list as SQL has it.
import t, { type Test } from 'tap'
import { jsonOf } from '../../support/answers.ts'
import { openPool } from '../../../src/db/client.ts'
import type { ListEnvelope } from '../../../src/pagination/index.ts'
import { parseLinks, resolveLinks } from '../../support/link-header.ts'
import { startService } from '../../support/service.ts'
import { detailOf, getJson, isProblem, send, startFilledDatabase } from '../../support/http.ts'

type Row = Record<string, unknown>
type Envelope = ListEnvelope<Row>
interface Page extends Envelope {
  links: Record<string, string>
}

const MAX_OFFSET = 60
const url = await startFilledDatabase(t)
const service = await startService(t, { DATABASE_URL: url, MAX_OFFSET: String(MAX_OFFSET) })
const sql = openPool(url, { max: 1 })
t.teardown(() => sql.end({ timeout: 0 }))

/** A list, its key in the answer, and all its keys in SQL's descending order. */
interface List {
  path: string
  key: string
  truth: unknown[]
  limits: number[]
}

const keysOf = async (statement: string): Promise<unknown[]> =>
  (await sql.unsafe<{ key: unknown }[]>(statement)).map((row) => row.key)
const GSPC = `(select id from instruments where symbol = '^GSPC')`
const BY_TIME = 'order by published_at desc, id desc'
const lists: List[] = [
  {
    path: '/api/v1/volume',
    key: 'date',
    truth: await keysOf(`select date as key from daily_bars where instrument_id = ${GSPC} order by 1 desc`),
    limits: [499],
  },
  {
    path: '/api/v1/volume?from=2020-03-20&to=2020-04-17',
    key: 'date',
    truth: await keysOf(
      `select date as key from daily_bars where instrument_id = ${GSPC} and date >= '2020-03-20' order by 1 desc`,
    ),
    limits: [1, 4, 20, 500],
  },
  {
    path: '/api/v1/score',
    key: 'as_of',
    truth: await keysOf(
      `select as_of as key from score_snapshots where instrument_id = ${GSPC} order by 1 desc`,
    ),
    limits: [500],
  },
  {
    path: '/api/v1/media/latest',
    key: 'id',
    truth: await keysOf(`select id as key from media_articles ${BY_TIME}`),
    limits: [1, 7, 35, 139, 140, 141],
  },
  {
    path: '/api/v1/media/latest?source=quay-post',
    key: 'id',
    truth: await keysOf(`select id as key from media_articles where source = 'quay-post' ${BY_TIME}`),
    limits: [1, 5],
  },
  { path: '/api/v1/media/latest?source=silent', key: 'id', truth: [], limits: [3] },
  { path: '/api/v1/volume?symbol=EMPTY', key: 'date', truth: [], limits: [3] },
  { path: '/api/v1/score?symbol=TINY', key: 'as_of', truth: [], limits: [3] },
]

const withQuery = (path: string, query: string): string => `${path}${path.includes('?') ? '&' : '?'}${query}`

async function getPage(path: string): Promise<Page> {
  const answer = await send(service, path)
  return { ...jsonOf<Envelope>(answer), links: resolveLinks(parseLinks(String(answer.headers.link)), path) }
}

type Step = (page: Page) => string | undefined

/** All pages from an address on; the last of them says that it is the last. */
async function walk(start: string, step: Step): Promise<{ pages: Page[]; addresses: string[] }> {
  const [pages, addresses]: [Page[], string[]] = [[], []]
  for (let address: string | undefined = start; address !== undefined; address = step(pages.at(-1)!)) {
    if (addresses.includes(address)) throw new Error(`${start} goes in circles`)
    addresses.push(address)
    pages.push(await getPage(address))
  }
  return { pages, addresses }
}

/** By the cursors in the body, for those who build addresses themselves. */
const byCursor =
  (start: string, name: 'next_cursor' | 'prev_cursor'): Step =>
  ({ pagination }) => {
    const cursor = pagination.type === 'cursor' ? pagination[name] : null
    return cursor === null ? undefined : withQuery(start, `cursor=${cursor}`)
  }
const byLink =
  (relation: 'next' | 'prev'): Step =>
  ({ links }) =>
    links[relation]

const keysIn = (pages: Page[], key: string): unknown[] =>
  pages.flatMap(({ data }) => data.map((row) => row[key]))

/** What an envelope says of itself holds. */
function isConsistent(t: Test, { data, count, pagination, links }: Page): void {
  const cursors = pagination.type === 'cursor' ? pagination : null
  t.strictSame(
    [count, 'next' in links, cursors?.next_cursor !== null, cursors?.prev_cursor !== null],
    [data.length, pagination.has_next, cursors?.has_next ?? true, cursors?.has_prev ?? true],
  )
  if (cursors !== null) t.equal('prev' in links, cursors.has_prev)
}

for (const { path, key, truth, limits } of lists) {
  for (const order of ['desc', 'asc'] as const) {
    const rows = order === 'desc' ? truth : truth.toReversed()
    t.test(`${path} ${order}`, async (t) => {
      for (const limit of limits) {
        const start = withQuery(path, `limit=${limit}&order=${order}`)
        for (const [next, prev] of [
          [byLink('next'), byLink('prev')],
          [byCursor(start, 'next_cursor'), byCursor(start, 'prev_cursor')],
        ] as const) {
          const forward = await walk(start, next)
          t.strictSame(keysIn(forward.pages, key), rows, `forward by ${limit}`)
          t.equal(forward.pages.length, Math.max(1, Math.ceil(rows.length / limit)), 'and no empty page')
          const backward = await walk(forward.addresses.at(-1)!, prev)
          t.strictSame(keysIn(backward.pages.toReversed(), key), rows, `backward by ${limit}`)
          for (const page of [...forward.pages, ...backward.pages]) isConsistent(t, page)
        }
      }
    })

    t.test(`${path} ${order} by offset`, async (t) => {
      for (const limit of limits) {
        const { pages, addresses } = await walk(
          withQuery(path, `limit=${limit}&order=${order}&offset=0`),
          byLink('next'),
        )
        t.strictSame(keysIn(pages, key), rows, `by ${limit}, and past the deepest offset by cursor`)
        for (const page of pages) isConsistent(t, page)
        const byOffset = pages.filter(({ pagination }) => pagination.type === 'offset')
        t.equal(byOffset.length, Math.min(pages.length, Math.floor(MAX_OFFSET / limit) + 1))
        const backward = await walk(addresses[byOffset.length - 1]!, byLink('prev'))
        t.strictSame(keysIn(backward.pages.toReversed(), key), keysIn(byOffset, key), `and back by ${limit}`)
      }
    })
  }
}

t.test('the envelope of either kind of page, and the total only where it is asked for', async (t) => {
  for (const { path, truth } of lists) {
    const cursorPage = await getPage(withQuery(path, 'limit=3'))
    t.strictSame(Object.keys(cursorPage), ['data', 'count', 'limit', 'pagination', 'links'])
    t.strictSame((await getPage(cursorPage.links['first']!)).data, cursorPage.data, 'the first link')
    const ofCursors = ['type', 'has_next', 'has_prev', 'next_cursor', 'prev_cursor']
    t.strictSame(Object.keys(cursorPage.pagination), ofCursors, path)
    const offsetPage = await getPage(withQuery(path, 'limit=3&offset=2'))
    const more = truth.length > 5
    const { next_cursor: cursor, ...ofOffset } = offsetPage.pagination
    t.strictSame(ofOffset, { type: 'offset', offset: 2, has_next: more })
    t.equal(typeof cursor, more ? 'string' : 'object', 'the way on by cursor, null at the end')
    t.strictSame([offsetPage.limit, offsetPage.count], [3, truth.length > 5 ? 3 : 0])
    for (const query of ['count=exact', 'count=exact&offset=1', 'count=exact&limit=1&order=asc']) {
      const { pagination, links } = await getPage(withQuery(path, query))
      t.equal(pagination.total, truth.length, `${path} ${query}`)
      for (const link of Object.values(links)) t.match(link, /&count=exact$/, 'links go on counting')
    }
  }
  const { pagination } = await getPage('/api/v1/media/latest?count=exact&limit=5')
  t.strictSame(Object.keys(pagination), [
    'type',
    'has_next',
    'has_prev',
    'next_cursor',
    'prev_cursor',
    'total',
  ])
  const second = await getPage(`/api/v1/media/latest?count=exact&cursor=${asCursor(pagination)}`)
  t.equal(second.pagination.total, 140, 'of the whole list, wherever the page is')
})

t.test('the page size may change on the way', async (t) => {
  const list = lists.find(({ path }) => path === '/api/v1/media/latest')!
  const pages: Page[] = [await getPage(`${list.path}?limit=1`)]
  for (const limit of [50, 2, 3, 500]) {
    const cursor = asCursor(pages.at(-1)!.pagination)
    const page = await getPage(`${list.path}?limit=${limit}&cursor=${cursor}`)
    t.equal(page.limit, limit)
    pages.push(page)
  }
  t.strictSame(keysIn(pages, 'id'), list.truth)
  const back = asCursor(pages.at(-1)!.pagination, 'prev_cursor')
  const before = await getPage(`${list.path}?limit=56&cursor=${back}`)
  t.strictSame(keysIn([before], 'id'), list.truth.slice(0, 56))
})

t.test('a plain id means "after that article"', async (t) => {
  const truth = lists.find(({ path }) => path === '/api/v1/media/latest')!.truth as number[]
  for (const [index, id] of truth.entries()) {
    const { data, pagination } = await getPage(`/api/v1/media/latest?limit=4&cursor=${id}`)
    t.strictSame(keysIn([{ data } as Page], 'id'), truth.slice(index + 1, index + 5), `after ${id}`)
    t.strictSame(pagination.type === 'cursor' && pagination.has_prev, true)
  }
  const ascending = await getPage(`/api/v1/media/latest?limit=4&order=asc&cursor=${truth[100]}`)
  t.strictSame(keysIn([ascending], 'id'), truth.slice(96, 100).reverse())
  const ofOneSource = lists.find(({ path }) => path.endsWith('quay-post'))!.truth as number[]
  const outside = truth.findIndex((id, index) => index > 20 && !ofOneSource.includes(id))
  const filtered = await getPage(`/api/v1/media/latest?source=quay-post&limit=500&cursor=${truth[outside]}`)
  const rest = truth.slice(outside).filter((id) => ofOneSource.includes(id))
  t.strictSame(keysIn([filtered], 'id'), rest, 'the place of an article that the filter leaves out')
  isProblem(t, await send(service, '/api/v1/volume?cursor=1'), 'cursor_malformed', ['cursor'])
})

t.test('an offset that is too deep names the cursor', async (t) => {
  const answer = await send(service, `/api/v1/volume?offset=${MAX_OFFSET + 1}`)
  isProblem(t, answer, 'offset_too_large', ['offset'])
  t.match(detailOf(answer), /60.*next_cursor/)
  const deepest = await getJson<Envelope>(service, `/api/v1/volume?offset=${MAX_OFFSET}&limit=1`)
  t.strictSame(deepest.data[0]?.['date'], lists[0]?.truth[MAX_OFFSET])
})

function asCursor(
  pagination: Envelope['pagination'],
  name: 'next_cursor' | 'prev_cursor' = 'next_cursor',
): string {
  if (pagination.type !== 'cursor') throw new Error('not a cursor page')
  return pagination[name] ?? ''
}
