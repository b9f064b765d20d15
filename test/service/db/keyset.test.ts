// The statement behind a list: one snapshot, an index all the way, exact through any client and session setting.
import { fillPlaceholders, sql } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import postgres from 'postgres'
import t, { type Test } from 'tap'
import type { Database } from '../../../src/db/client.ts'
import { keysetStatement, loadPage, type KeysetSource } from '../../../src/db/keyset.ts'
import {
  defineList,
  readPage,
  type ListDefinition,
  type PageQuery,
  type ReadablePage,
} from '../../../src/pagination/index.ts'
import { entryList, openEntries, type Entry } from '../../support/entry-list.ts'

const at = (micros: number): string => `2025-10-23 00:00:00.${String(micros).padStart(6, '0')}+00`
const row = (id: number | string, micros: number, tag: Entry['tag'] = 'a'): Entry => ({
  id: String(id),
  at: at(micros),
  tag,
})
const limits = { maxOffset: 1000 }

/** postgres.js as it comes, with Dates cut to milliseconds, in a session far from UTC and ISO. */
function foreignClient(t: Test, url: string): Pick<Database, 'rows'> {
  const client = postgres(url, { max: 1, connection: { TimeZone: 'Asia/Kathmandu', DateStyle: 'SQL, DMY' } })
  t.teardown(() => client.end())
  const dialect = new PgDialect()
  return {
    rows: async <Row>(...[statement, values = {}]: Parameters<Database['rows']>) => {
      const { sql: text, params } = dialect.sqlToQuery(statement)
      const parameters = fillPlaceholders(params, values) as string[]
      return (await client.unsafe(text, parameters, { prepare: true })) as unknown as Row[]
    },
  }
}

/** All pages in one direction, and the way back from the last one. */
async function follow<Row>(
  database: Pick<Database, 'rows'>,
  source: KeysetSource<Row>,
  list: ListDefinition,
  query: PageQuery,
  onward: 'next_cursor' | 'prev_cursor',
): Promise<{ pages: Row[][]; back: string | null }> {
  const pages: Row[][] = []
  let cursor = query.cursor
  while (pages.length < 20) {
    const request = readPage(list, { ...query, cursor }, {}, limits)
    const { data, pagination } = (await loadPage(database, source, request, (row: Row) => row)).envelope
    if (pagination.type !== 'cursor') throw new Error('not a cursor page')
    pages.push(data)
    const next = pagination[onward]
    if (next === null) return { pages, back: pagination.prev_cursor }
    cursor = next
  }
  throw new Error('the walk does not end')
}

/** All pages to the end, and all those back from the last one to the beginning, in the order of the list. */
async function thereAndBack<Row>(
  database: Pick<Database, 'rows'>,
  source: KeysetSource<Row>,
  list: ListDefinition,
  query: PageQuery,
): Promise<{ there: Row[][]; back: Row[][] }> {
  const there = await follow(database, source, list, query, 'next_cursor')
  const cursor = there.back ?? undefined
  const back = await follow(database, source, list, { ...query, cursor }, 'prev_cursor')
  return { there: there.pages, back: back.pages.reverse() }
}

void t.test('a page', async (t) => {
  const { database, url, newTable } = await openEntries(t)

  await t.test(
    'behind a plain id begins behind that row, in either order and whatever the filters',
    async (t) => {
      const table = newTable()
      await table.insert([row(1, 5), row(2, 3), row(3, 3, 'b'), row(4, 3), row(5, 1)])
      const behind = async (cursor: string, order: 'asc' | 'desc', tag?: 'a'): Promise<string[]> =>
        (await table.read({ limit: 10, order, cursor }, { tag })).envelope.data.map((entry) => entry.id)
      t.strictSame(await behind('3', 'desc'), ['2', '5'])
      t.strictSame(await behind('3', 'asc'), ['4', '1'])
      t.strictSame(await behind('3', 'desc', 'a'), ['2', '5'])
      t.strictSame(await behind('5', 'desc'), [])
      const { envelope } = await table.read({ limit: 1, order: 'desc', cursor: '3' })
      t.match(envelope.pagination, { type: 'cursor', has_next: true, has_prev: true })
      await t.rejects(behind('6', 'desc'), { name: 'PageError', code: 'cursor_unknown_id' })
      await t.rejects(behind('9223372036854775807', 'asc'), { code: 'cursor_unknown_id' })
    },
  )

  await t.test('is read in one statement, the way back and the count included', async (t) => {
    const table = newTable()
    await table.insert([row(1, 1), row(2, 2), row(3, 3)])
    const { pagination } = (await table.read({ limit: 1, order: 'asc' })).envelope
    if (pagination.type !== 'cursor' || pagination.next_cursor === null) throw new Error('no next page')
    let statements = 0
    const counting: Pick<Database, 'rows'> = {
      rows: (statement, values) => (statements++, database.rows(statement, values)),
    }
    const query: PageQuery = { limit: 1, order: 'asc', cursor: pagination.next_cursor, count: 'exact' }
    const page = await loadPage(
      counting,
      table.source(),
      readPage(entryList, query, {}, limits),
      (entry) => entry.id,
    )
    t.strictSame(page.envelope.data, ['2'])
    t.match(page.envelope.pagination, { has_next: true, has_prev: true, total: 3 })
    t.equal(statements, 1)
  })

  await t.test('is exact through a client and a session with other ideas of time', async (t) => {
    const foreign = foreignClient(t, url)
    const table = newTable()
    const big = ['9007199254740993', '9007199254740992', '9223372036854775807']
    await table.insert([
      row(1, 1),
      row(2, 1),
      row(3, 2),
      row(4, 999_999),
      row(5, 1000),
      ...big.map((id) => row(id, 1)),
    ])
    const ids = table.standing('desc').map((entry) => entry.id)
    const source = { ...table.source(), columns: sql<Entry>`e.id::text as id` }
    const { there, back } = await thereAndBack(foreign, source, entryList, { limit: 2, order: 'desc' })
    const pages = there.map((page) => page.map((entry) => entry.id))
    t.strictSame(pages.flat(), ids)
    t.strictSame(
      back.map((page) => page.map((entry) => entry.id)),
      pages.slice(0, -1),
    )
  })

  await t.test('of a list by date walks there and back, in any session', async (t) => {
    await database.rows(sql`create table days (day date primary key)`)
    const days = ['0001-01-01', '2019-12-31', '2020-01-02', '2020-02-29', '9999-12-31']
    await database.rows(
      sql`insert into days select day::date from unnest(${`{${days.join(',')}}`}::text::text[]) as given (day)`,
    )
    const list = defineList({ name: 'days', keys: [{ column: 'day', kind: 'date' }] })
    const source = {
      from: sql`days d`,
      columns: sql<{ day: string }>`to_char(d.day, 'YYYY-MM-DD') as day`,
      filters: [],
      keys: { day: sql`d.day` },
    }
    for (const client of [database, foreignClient(t, url)]) {
      const query: PageQuery = { limit: 2, order: 'asc' }
      const { there, back } = await thereAndBack(client, source, list, query)
      const pages = [days.slice(0, 2), days.slice(2, 4), days.slice(4)]
      t.strictSame(
        there.map((page) => page.map((row) => row.day)),
        pages,
      )
      t.strictSame(
        back.map((page) => page.map((row) => row.day)),
        pages.slice(0, 2),
      )
      const last = readPage(list, { ...query, offset: 4 }, {}, limits)
      t.strictSame((await loadPage(client, source, last, (row) => row.day)).envelope.data, ['9999-12-31'])
    }
  })

  await t.test('deep inside a large list, is found by index on both sides', async (t) => {
    await database.rows(sql`insert into entries
      select 0, n, '2025-01-01T00:00:00Z'::timestamptz + n * interval '1 minute', 'a' from generate_series(1, 50000) n`)
    await database.rows(sql`analyze entries`)
    const keys = { id: sql`e.id`, at: sql`e.at` }
    const source = { from: sql`entries e`, columns: sql`e.tag`, filters: [sql`e.run = 0`], keys }
    for (const direction of ['forward', 'backward'] as const) {
      for (const inclusive of [false, true]) {
        for (const values of [
          ['2025-01-18T00:00:00Z', '25000'],
          ['2025-01-01T00:10:00Z', '10'],
          ['2025-02-04T17:00:00Z', '49990'],
        ]) {
          const request: ReadablePage = {
            kind: 'cursor',
            list: entryList,
            order: 'desc',
            filters: {},
            limit: 20,
            countTotal: false,
            position: { direction, values, inclusive },
          }
          const { statement, values: given } = keysetStatement(source, request)
          const [plan] = await database.rows<Record<string, unknown>>(
            sql`explain (format json) ${statement}`,
            given,
          )
          const text = JSON.stringify(plan)
          t.notMatch(text, /Seq Scan|Bitmap/)
          const scans = [
            ...text.matchAll(/"Scan Direction":"(\w+)"[^{}]*"Index Cond":"[^"]*ROW\(at, id\) [<>]=? ROW\(/g),
          ]
          t.strictSame(
            scans.map((scan) => scan[1]).sort(),
            ['Backward', 'Forward'],
            'both begin at the boundary and lead away from it',
          )
        }
      }
    }
  })

  await t.test('at an offset computes nothing for the rows it skips', async (t) => {
    const table = newTable()
    await table.insert(Array.from({ length: 60 }, (_, index) => row(index + 1, index)))
    await database.rows(sql`create sequence computed`)
    const source = { ...table.source(), columns: sql<Entry>`e.id::text as id, nextval('computed')` }
    const request = readPage(entryList, { limit: 2, order: 'asc', offset: 50 }, {}, limits)
    const { data, pagination } = (await loadPage(database, source, request, (entry) => entry.id)).envelope
    t.strictSame(data, ['51', '52'])
    t.match(pagination, { type: 'offset', offset: 50, has_next: true, next_cursor: String })
    const [computed] = await database.rows(sql`select last_value from computed`)
    t.strictSame(computed, { last_value: 3 })
  })

  t.test('of a source without one of its keys is a defect', (t) => {
    const source = { ...newTable().source(), keys: { id: sql`e.id` } }
    const request = readPage(entryList, { limit: 1, order: 'asc' }, {}, limits) as ReadablePage
    t.throws(() => keysetStatement(source, request), TypeError)
    t.end()
  })
})
