// Timestamps as the database really prints them, to the microsecond.
import assert from 'node:assert/strict'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import t from 'tap'
import { openDatabase } from '../../../src/db/client.ts'
import { toRfc3339 } from '../../../src/db/timestamps.ts'
import { parseInstant } from '../../../src/time/instants.ts'
import { sharedPostgres } from '../../support/postgres.ts'

t.test('PostgreSQL text becomes RFC 3339', (t) => {
  t.equal(toRfc3339('2025-10-23 00:00:00.000123+00'), '2025-10-23T00:00:00.000123Z')
  t.equal(toRfc3339('2025-10-23 00:00:00+00'), '2025-10-23T00:00:00Z')
  t.equal(toRfc3339('2025-10-23 23:59:59.5+00'), '2025-10-23T23:59:59.500000Z')
  t.end()
})

t.test('text of another session setting, or of no such time, is refused', (t) => {
  for (const text of [
    '2025-10-23 02:00:00+02',
    '2025-10-23 00:00:00',
    '23.10.2025 00:00:00 UTC',
    'infinity',
    '0044-03-15 00:00:00+00 BC',
    '10000-01-01 00:00:00+00',
    '',
  ]) {
    t.throws(() => toRfc3339(text), TypeError, text)
  }
  t.end()
})

t.test('an instant goes into the database and comes back as the same text', async (t) => {
  const { url } = await sharedPostgres(t)
  const database = openDatabase({ url, poolMax: 1, statementTimeoutMs: 10_000 })
  t.teardown(() => database.close())
  const instants = fc
    .tuple(
      fc.date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59Z'),
        noInvalidDate: true,
      }),
      fc.nat(999),
    )
    .map(([date, micros]) =>
      parseInstant(date.toISOString().replace('Z', `${String(micros).padStart(3, '0')}Z`), 'start')!,
    )
  await fc.assert(
    fc.asyncProperty(fc.array(instants, { minLength: 1, maxLength: 50 }), async (given) => {
      const rows = await database.rows<{ at: string }>(
        sql`select text::timestamptz as at from json_array_elements_text(${JSON.stringify(given)}::text::json) with ordinality as given (text, n) order by n`,
      )
      assert.deepStrictEqual(
        rows.map((row) => toRfc3339(row.at)),
        given,
      )
    }),
    { numRuns: 20 },
  )
})
