// COPY as loads use it, on a real PostgreSQL: what arrives, and what becomes of a refusal, whenever it comes.
import fc from 'fast-check'
import t from 'tap'
import { openPool } from '../../../src/db/client.ts'
import { inTransaction } from '../../../src/db/transaction.ts'
import { copyLine, copyLines } from '../../../src/loading/copy.ts'
import { sharedPostgres } from '../../support/postgres.ts'

const server = await sharedPostgres(t)
const pool = openPool(server.url, { max: 1 })
t.teardown(() => pool.end({ timeout: 0 }))
await pool`create table copied (number bigint, content text, small integer check (small < 100))`
t.beforeEach(() => pool`truncate copied`)

async function* each(lines: string[]): AsyncGenerator<string> {
  await Promise.resolve()
  yield* lines
}
const copy = (lines: AsyncIterable<string>) =>
  inTransaction(pool, (session) => copyLines(session, 'copied', lines))
const count = async () => (await pool`select count(*) from copied`)[0]?.['count'] as number

t.test('any text arrives as it is', async (t) => {
  const character = fc.constantFrom(
    '\\',
    '\n',
    '\r',
    '\t',
    'N',
    '.',
    'x41',
    '\b',
    '\v',
    '"',
    "'",
    '😀',
    'é',
    ' ',
  )
  const content = fc.option(fc.array(character).map((all) => all.join('')))
  await fc.assert(
    fc.asyncProperty(fc.array(content), async (contents) => {
      await pool`truncate copied`
      await copy(each(contents.map((text, index) => copyLine([index, text, null]))))
      const rows = await pool<{ content: string | null }[]>`select content from copied order by number`
      t.strictSame(
        rows.map((row) => row.content),
        contents,
      )
    }),
    { numRuns: 50 },
  )
})

t.test('what the server refuses is its own error, in the middle and after the end', async (t) => {
  const many = Array.from({ length: 100_000 }, (_, index) => copyLine([index, 'text', 1]))
  const bad = copyLine([1, 'text', 100])
  for (const lines of [[bad], [...many, bad], [bad, ...many, ...many]]) {
    await t.rejects(copy(each(lines)), { name: 'PostgresError', code: '23514' })
    t.equal(await count(), 0, 'and the connection goes on')
  }
})

t.test('lines that fail end the copy, and nothing stays', async (t) => {
  async function* failing(): AsyncGenerator<string> {
    for (let index = 0; index < 10_000; index += 1) yield copyLine([index, 'text', 1])
    await Promise.resolve()
    throw new Error('no more of it')
  }
  await t.rejects(copy(failing()), { message: 'no more of it' })
  t.equal(await count(), 0)
})
