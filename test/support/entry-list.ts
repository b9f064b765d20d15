// A small list in a real PostgreSQL, made to be awkward: ties, microsecond neighbours, ids past 2^53, rows that come and go.
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import type { Test } from 'tap'
import { openDatabase, type Database } from '../../src/db/client.ts'
import { loadPage, type KeysetSource } from '../../src/db/keyset.ts'
import {
  defineList,
  readPage,
  type ListPage,
  type Order,
  type PageQuery,
} from '../../src/pagination/index.ts'
import { sharedPostgres } from './postgres.ts'

export const entryList = defineList({
  name: 'entries',
  keys: [
    { column: 'at', kind: 'timestamp' },
    { column: 'id', kind: 'id' },
  ],
  acceptsId: true,
})

export interface Entry {
  id: string
  /** `YYYY-MM-DD HH:MM:SS.ffffff+00`, always with six digits. */
  at: string
  tag: 'a' | 'b'
}

/** Neighbours on both sides of a millisecond and of a second; few, so that ties are the rule. */
const INSTANTS = [
  '00.000000',
  '00.000001',
  '00.000002',
  '00.000999',
  '00.001000',
  '00.999999',
  '01.000000',
].map((seconds) => `2025-10-23 00:00:${seconds}+00`)
const IDS = [
  ...Array.from({ length: 30 }, (_, index) => BigInt(index + 1)),
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 53n + 2n,
  2n ** 63n - 1n,
]

export const anyEntry: fc.Arbitrary<Entry> = fc.record(
  {
    id: fc.constantFrom(...IDS).map(String),
    at: fc.constantFrom(...INSTANTS),
    tag: fc.constantFrom('a' as const, 'a' as const, 'b' as const),
  },
  { noNullPrototype: true },
)
export const anyEntries = fc.uniqueArray(anyEntry, { selector: (entry) => entry.id, maxLength: IDS.length })
export const anyOrder = fc.constantFrom<Order>('asc', 'desc')
/** What is in the list: every entry, those with a tag, those in a range of time, or both. */
export interface Filter {
  tag?: 'a' | undefined
  from?: string | undefined
  to?: string | undefined
}
/** As parameters give them: a whole second has no decimals, and there are ends between any two entries. */
const anyEnd = fc.constantFrom(
  undefined,
  ...INSTANTS.map((at) => `${at.slice(0, -3).replace(' ', 'T').replace('.000000', '')}Z`),
  '2025-10-23T00:00:00.5Z',
)
export const anyFilter: fc.Arbitrary<Filter> = fc.record(
  { tag: fc.constantFrom(undefined, 'a' as const), from: anyEnd, to: anyEnd },
  { noNullPrototype: true },
)

function passes({ tag, from, to }: Filter, entry: Entry): boolean {
  const [first, last] = [from, to].map((end) => end && whole(end))
  return (
    (tag === undefined || entry.tag === tag) &&
    (first === undefined || entry.at >= first) &&
    (last === undefined || entry.at <= last)
  )
}

/** As entries write it. */
function whole(end: string): string {
  const [seconds = '', decimals = ''] = end.replace('T', ' ').slice(0, -1).split('.')
  return `${seconds}.${decimals.padEnd(6, '0')}+00`
}

/** By the keys of the list; what PostgreSQL does is held against this. */
export function compareEntries(order: Order): (one: Entry, other: Entry) => number {
  const ascending = (one: Entry, other: Entry): number => {
    if (one.at !== other.at) return one.at < other.at ? -1 : 1
    return Number(BigInt(one.id) - BigInt(other.id))
  }
  return order === 'asc' ? ascending : (one, other) => ascending(other, one)
}

/** Each table is a run of its own within the one in the database. */
export class EntryTable {
  readonly #database: Database
  readonly #run: number
  readonly #all: KeysetSource<Entry>
  readonly #tagged: KeysetSource<Entry>
  #entries = new Map<string, Entry>()

  constructor(database: Database, run: number) {
    this.#database = database
    this.#run = run
    this.#all = this.source()
    this.#tagged = this.source(true)
  }

  /** What stands in the table now, in this order. */
  standing(order: Order, filter: Filter = {}): Entry[] {
    const entries = [...this.#entries.values()].filter((entry) => passes(filter, entry))
    return entries.sort(compareEntries(order))
  }

  /** An id that is there already is left as it is: rows do not move. */
  async insert(entries: readonly Entry[]): Promise<void> {
    const fresh = entries.filter((entry) => !this.#entries.has(entry.id))
    if (fresh.length === 0) return
    const values = fresh.map(
      ({ id, at, tag }) => sql`(${this.#run}::int, ${id}::text::bigint, ${at}::text::timestamptz, ${tag})`,
    )
    await this.#database.rows(sql`insert into entries (run, id, at, tag) values ${sql.join(values, sql`, `)}`)
    for (const entry of fresh) this.#entries.set(entry.id, entry)
  }

  async delete(ids: readonly string[]): Promise<void> {
    await this.#database.rows(
      sql`delete from entries where run = ${this.#run} and id = any(${`{${ids.join(',')}}`}::text::bigint[])`,
    )
    for (const id of ids) this.#entries.delete(id)
  }

  /** A page as the service would answer it, from the query parameters on. */
  read(query: PageQuery, filter: Filter = {}, maxOffset = 1000): Promise<ListPage<Entry>> {
    const request = readPage(entryList, query, { ...filter }, { maxOffset })
    const toEntry = ({ id, at, tag }: Entry): Entry => ({ id, at, tag })
    const { from, to } = filter
    const given = { range: { from, to }, values: { tag: filter.tag } }
    return loadPage(
      this.#database,
      filter.tag === undefined ? this.#all : this.#tagged,
      request,
      toEntry,
      given,
    )
  }

  /** @param tagged whether it is of the entries with one tag, which the request gives. */
  source(tagged = false): KeysetSource<Entry> {
    return {
      from: sql`entries e`,
      // Both key columns under their own names and as something else: the order must not be taken from these.
      columns: sql<Entry>`e.id::text as id, to_char(e.at, 'YYYY-MM-DD HH24:MI:SS.US+00') as at, e.tag`,
      filters: [sql`e.run = ${this.#run}`],
      fixed: tagged ? { column: sql`e.tag`, value: sql`${sql.placeholder('tag')}` } : undefined,
      keys: { id: sql`e.id`, at: sql`e.at` },
    }
  }
}

/** A function that makes empty tables, on a PostgreSQL that ends with the test. */
export async function openEntries(
  t: Test,
): Promise<{ database: Database; url: string; newTable: () => EntryTable }> {
  const { url } = await sharedPostgres(t)
  const database = openDatabase({ url, poolMax: 1, statementTimeoutMs: 60_000 })
  t.teardown(() => database.close())
  await database.rows(
    sql`create table entries (run int, id bigint, at timestamptz not null, tag text not null, primary key (run, id))`,
  )
  await database.rows(sql`create index on entries (run, at, id)`)
  let runs = 0
  return { database, url, newTable: () => new EntryTable(database, ++runs) }
}
