// The promise of the lists, on a real PostgreSQL: every row once, in order, whatever happens to the table meanwhile.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Order, PageQuery, Pagination } from '../../../src/pagination/index.ts'
import {
  anyEntries,
  anyEntry,
  anyOrder,
  anyFilter,
  compareEntries,
  openEntries,
  type Entry,
  type Filter,
  type EntryTable,
} from '../../support/entry-list.ts'
import { parseLinks } from '../../support/link-header.ts'
import { BEGINNING, expectPage, type Place } from '../../support/pagination-model.ts'

/** What happens to the table between two pages. */
interface Change {
  insert: Entry[]
  /** Which of the rows to delete, by their place in the table. */
  delete: number[]
  /** Delete the rows at the edges of the page just read, which its cursors were made of, or all those on one side of it. */
  deleteAround: 'nothing' | 'edges' | 'below' | 'above'
}

const anyChange: fc.Arbitrary<Change> = fc.record({
  insert: fc.uniqueArray(anyEntry, { selector: (entry) => entry.id, maxLength: 3 }),
  delete: fc.array(fc.nat(40), { maxLength: 3 }),
  deleteAround: fc.constantFrom('nothing', 'edges', 'below', 'above'),
})
/** More rows than there can be in a table during one walk; one that is longer goes in circles. */
const MOST_PAGES = 100
const anySize = fc.integer({ min: 1, max: 6 })

const ids = (entries: readonly Entry[]): string[] => entries.map((entry) => entry.id)

async function apply(table: EntryTable, change: Change, page: readonly Entry[]): Promise<void> {
  const all = table.standing('asc')
  const compare = compareEntries('asc')
  const [lowest, highest] = [page.toSorted(compare)[0], page.toSorted(compare).at(-1)]
  const doomed = change.delete.flatMap((place) => all[place] ?? [])
  if (lowest !== undefined && highest !== undefined) {
    if (change.deleteAround === 'edges') doomed.push(lowest, highest)
    if (change.deleteAround === 'below') doomed.push(...all.filter((entry) => compare(entry, lowest) < 0))
    if (change.deleteAround === 'above') doomed.push(...all.filter((entry) => compare(entry, highest) > 0))
  }
  await table.delete(ids(doomed))
  await table.insert(change.insert)
}

function asCursorPage(pagination: Pagination): Pagination & { type: 'cursor' } {
  if (pagination.type !== 'cursor') throw new Error('not a cursor page')
  return pagination
}

void t.test('walks by cursor', async (t) => {
  const { newTable } = await openEntries(t)

  /** Follows one cursor to its end. Resolves with the pages' rows in the order they were answered, and the rows that stood there throughout. */
  async function walk(
    table: EntryTable,
    query: PageQuery,
    filter: Filter,
    direction: 'next' | 'prev',
    steps: readonly { limit: number; change: Change }[],
  ): Promise<{ pages: Entry[][]; throughout: Entry[]; last: Pagination & { type: 'cursor' } }> {
    let throughout = table.standing(query.order, filter)
    const pages: Entry[][] = []
    let cursor = query.cursor
    for (let step = 0; step < MOST_PAGES; step++) {
      const { limit, change } = steps[step] ?? { limit: query.limit }
      const { envelope } = await table.read(
        { ...query, limit, ...(cursor === undefined ? {} : { cursor }) },
        filter,
      )
      pages.push(envelope.data)
      const last = asCursorPage(envelope.pagination)
      const onward = direction === 'next' ? last.next_cursor : last.prev_cursor
      if (onward === null) return { pages, throughout, last }
      cursor = onward
      if (change !== undefined) {
        await apply(table, change, envelope.data)
        const standing = table.standing(query.order, filter)
        // By identity: a row deleted and inserted again is another one.
        throughout = throughout.filter((entry) => standing.includes(entry))
      }
    }
    throw new Error('the walk does not end')
  }

  /** Nothing twice, nothing out of order, nothing that was there all along left out. */
  function check(rows: readonly Entry[], throughout: readonly Entry[], order: Order): void {
    const compare = compareEntries(order)
    for (const [index, row] of rows.entries()) {
      const before = rows[index - 1]
      if (before !== undefined && compare(before, row) >= 0)
        throw new Error(`${row.id} is not behind ${before.id}`)
    }
    const seen = new Set(ids(rows))
    const missing = throughout.filter((entry) => !seen.has(entry.id))
    if (missing.length > 0) throw new Error(`missing: ${ids(missing).join(', ')}`)
  }

  await t.test(
    'there and back, every row that stood there throughout comes exactly once, in order',
    async () => {
      const anySteps = fc.array(fc.record({ limit: anySize, change: anyChange }), { maxLength: 12 })
      await fc.assert(
        fc.asyncProperty(
          anyEntries,
          anyOrder,
          anyFilter,
          anySteps,
          anySteps,
          anySize,
          async (entries, order, filter, there, back, limit) => {
            const table = newTable()
            await table.insert(entries)
            const forward = await walk(table, { limit, order }, filter, 'next', there)
            check(forward.pages.flat(), forward.throughout, order)

            const turningPoint = forward.pages.at(-1)?.[0]
            if (forward.last.prev_cursor === null) return
            const backward = await walk(
              table,
              { limit, order, cursor: forward.last.prev_cursor },
              filter,
              'prev',
              back,
            )
            const compare = compareEntries(order)
            const expected = backward.throughout.filter(
              (entry) => turningPoint === undefined || compare(entry, turningPoint) < 0,
            )
            check(backward.pages.reverse().flat(), expected, order)
          },
        ),
        { numRuns: 300 },
      )
    },
  )

  await t.test(
    'turning at will, each page is what stands there, and has_next and has_prev are true',
    async () => {
      const anySteps = fc.array(
        fc.record({ limit: anySize, turn: fc.boolean(), change: fc.option(anyChange) }),
        { minLength: 1, maxLength: 12 },
      )
      await fc.assert(
        fc.asyncProperty(anyEntries, anyOrder, anyFilter, anySteps, async (entries, order, filter, steps) => {
          const table = newTable()
          await table.insert(entries)
          let place = BEGINNING
          let cursor: string | undefined
          for (const { limit, turn, change } of steps) {
            const { envelope } = await table.read({ limit, order, cursor, count: 'exact' }, filter)
            const pagination = asCursorPage(envelope.pagination)
            const standing = table.standing(order, filter)
            const { data, prev, next } = expectPage(standing, place, limit, order)
            assert.deepStrictEqual(envelope.data, data)
            assert.deepStrictEqual(
              [envelope.count, envelope.limit, pagination.total],
              [data.length, limit, standing.length],
            )

            const [before, behind] = [standing.filter(prev.isAhead), standing.filter(next.isAhead)]
            assert.deepStrictEqual(
              [pagination.has_prev, pagination.has_next],
              [before.length > 0, behind.length > 0],
            )
            assert.equal(pagination.prev_cursor !== null, pagination.has_prev)
            assert.equal(pagination.next_cursor !== null, pagination.has_next)
            // Asked right after, they give rows: those next to this page.
            for (const [onward, neighbour] of [
              [pagination.prev_cursor, before.at(-1)],
              [pagination.next_cursor, behind[0]],
            ] as const) {
              if (onward === null) continue
              const answer = await table.read({ limit: 1, order, cursor: onward }, filter)
              assert.deepStrictEqual(answer.envelope.data, [neighbour])
            }

            const [straight, back] = place.isBackward ? [prev, next] : [next, prev]
            const cursorTo = (to: Place): string | null =>
              to.isBackward ? pagination.prev_cursor : pagination.next_cursor
            // Turned round when asked to, and at the end of the list.
            const choice = (turn ? [back, straight] : [straight, back]).find((to) => cursorTo(to) !== null)
            if (choice === undefined) return
            place = choice
            cursor = cursorTo(choice) ?? undefined
            if (change !== null) await apply(table, change, data)
          }
        }),
        { numRuns: 300 },
      )
    },
  )

  await t.test('next, next, prev is the page that stood there', async (t) => {
    const table = newTable()
    const at = '2025-10-23 00:00:00.000001+00'
    await table.insert(['1', '2', '3', '4', '5', '6'].map((id) => ({ id, at, tag: 'a' })))
    const query: PageQuery = { limit: 2, order: 'desc' }
    const one = await table.read(query)
    const two = await table.read({ ...query, cursor: asCursorPage(one.envelope.pagination).next_cursor! })
    const three = await table.read({ ...query, cursor: asCursorPage(two.envelope.pagination).next_cursor! })
    t.strictSame(ids(three.envelope.data), ['2', '1'])
    const again = await table.read({ ...query, cursor: asCursorPage(three.envelope.pagination).prev_cursor! })
    t.strictSame(again.envelope, two.envelope)
  })

  await t.test('a page that has become empty leads back to the very row before it', async (t) => {
    const table = newTable()
    const at = '2025-10-23 00:00:00.000001+00'
    await table.insert(['1', '2', '3', '4'].map((id) => ({ id, at, tag: 'a' })))
    const query: PageQuery = { limit: 2, order: 'asc' }
    const first = asCursorPage((await table.read(query)).envelope.pagination)
    await table.delete(['3', '4'])
    const empty = (await table.read({ ...query, cursor: first.next_cursor! })).envelope
    t.strictSame(empty.data, [])
    const { prev_cursor: back, ...rest } = asCursorPage(empty.pagination)
    t.strictSame(rest, { type: 'cursor', has_next: false, has_prev: true, next_cursor: null })
    const page = (await table.read({ ...query, cursor: back! })).envelope
    t.strictSame(ids(page.data), ['1', '2'])
    t.equal(asCursorPage(page.pagination).has_next, false)

    await table.delete(['1', '2'])
    const nothing = asCursorPage((await table.read({ ...query, cursor: back! })).envelope.pagination)
    t.strictSame(nothing, {
      type: 'cursor',
      has_next: false,
      has_prev: false,
      next_cursor: null,
      prev_cursor: null,
    })
  })
})

void t.test('walks by offset', async (t) => {
  const { newTable } = await openEntries(t)

  await t.test('over unchanged rows, every row comes exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyEntries,
        anyOrder,
        anyFilter,
        fc.array(anySize, { minLength: 1 }),
        async (entries, order, filter, sizes) => {
          const table = newTable()
          await table.insert(entries)
          const standing = table.standing(order, filter)
          const rows: Entry[] = []
          for (let step = 0; step < MOST_PAGES; step++) {
            const query: PageQuery = {
              limit: sizes[step % sizes.length] ?? 1,
              order,
              offset: rows.length,
              count: 'exact',
            }
            const { envelope } = await table.read(query, filter)
            const hasNext = rows.length + envelope.count < standing.length
            const { next_cursor: cursor, ...pagination } = envelope.pagination
            assert.deepStrictEqual(pagination, {
              type: 'offset',
              offset: rows.length,
              has_next: hasNext,
              total: standing.length,
            })
            assert.equal(cursor !== null, hasNext)
            rows.push(...envelope.data)
            if (!hasNext) break
          }
          assert.deepStrictEqual(rows, standing)
          const past = await table.read({ limit: 3, order, offset: standing.length + 1 }, filter)
          assert.deepStrictEqual(past.envelope, {
            data: [],
            count: 0,
            limit: 3,
            pagination: { type: 'offset', offset: standing.length + 1, has_next: false, next_cursor: null },
          })
        },
      ),
      { numRuns: 50 },
    )
  })

  await t.test('following links alone gives every row once, also past the deepest offset', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyEntries,
        anyOrder,
        anySize,
        fc.nat(20),
        fc.boolean(),
        async (entries, order, limit, maxOffset, byOffset) => {
          const table = newTable()
          await table.insert(entries)
          const rows: Entry[] = []
          let query: PageQuery | null = { limit, order, ...(byOffset ? { offset: 0 } : {}) }
          for (let step = 0; query !== null; step++) {
            assert.ok(step < MOST_PAGES, 'the walk does not end')
            const page = await table.read(query, { tag: 'a' }, maxOffset)
            rows.push(...page.envelope.data)
            const { next } = parseLinks(page.link)
            assert.equal(next !== undefined, page.envelope.pagination.has_next)
            query = next === undefined ? null : readAddress(next)
          }
          assert.deepStrictEqual(rows, table.standing(order, { tag: 'a' }))
        },
      ),
      { numRuns: 100 },
    )
  })
})

/** The query parameters in an address, as a server reads them. */
function readAddress(address: string): PageQuery {
  const { searchParams } = new URL(address, 'http://localhost')
  const { tag, order, limit, offset, cursor, ...rest } = Object.fromEntries(searchParams)
  if (tag !== 'a' || Object.keys(rest).length > 0)
    throw new Error(`not the address of a page of this list: ${address}`)
  return {
    order: order as Order,
    limit: Number(limit),
    ...(offset === undefined ? {} : { offset: Number(offset) }),
    ...(cursor === undefined ? {} : { cursor }),
  }
}
