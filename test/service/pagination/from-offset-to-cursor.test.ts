// A client that began by offset has a way to where no row is repeated: each of its pages has a cursor to go on from.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { PageQuery } from '../../../src/pagination/index.ts'
import {
  anyEntries,
  anyFilter,
  anyOrder,
  compareEntries,
  openEntries,
  type Entry,
} from '../../support/entry-list.ts'

const { newTable } = await openEntries(t)

t.test('going on by next_cursor gives what stands behind the last row, whatever came in', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyEntries,
      anyEntries,
      anyOrder,
      anyFilter,
      fc.nat(12),
      fc.integer({ min: 1, max: 6 }),
      async (entries, incoming, order, filter, offset, limit) => {
        const table = newTable()
        await table.insert(entries)
        const { envelope } = await table.read({ limit, order, offset }, filter)
        let cursor = envelope.pagination.next_cursor
        assert.equal(cursor !== null, envelope.pagination.has_next)
        if (cursor === null) return
        await table.insert(incoming)
        const last = envelope.data.at(-1)!
        const behind = table.standing(order, filter).filter((entry) => compareEntries(order)(entry, last) > 0)
        const rows: Entry[] = []
        for (let step = 0; cursor !== null; step += 1) {
          assert.ok(step < 100, 'the walk does not end')
          const query: PageQuery = { limit, order, cursor }
          const page = (await table.read(query, filter)).envelope
          rows.push(...page.data)
          cursor = page.pagination.next_cursor
        }
        assert.deepStrictEqual(rows, behind)
      },
    ),
    { numRuns: 100 },
  )
})

t.test('a row that comes in makes the next offset repeat one, and the cursor none', async (t) => {
  const table = newTable()
  const at = (second: number): Entry => ({
    id: String(second),
    at: `2025-10-23 00:00:0${second}.000000+00`,
    tag: 'a',
  })
  await table.insert([1, 2, 3, 4].map(at))
  const ids = (rows: Entry[]) => rows.map(({ id }) => id)
  const first = (await table.read({ limit: 2, order: 'desc', offset: 0 })).envelope
  t.strictSame(ids(first.data), ['4', '3'])
  await table.insert([at(5)])
  const byOffset = await table.read({ limit: 2, order: 'desc', offset: 2 })
  t.strictSame(ids(byOffset.envelope.data), ['3', '2'], 'what no offset can help')
  const cursor = first.pagination.next_cursor!
  const byCursor = await table.read({ limit: 2, order: 'desc', cursor })
  t.strictSame(ids(byCursor.envelope.data), ['2', '1'])
})
