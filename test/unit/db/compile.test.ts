// Statements are compiled as drizzle compiles them, text and parameters alike.
import { fillPlaceholders, sql, type SQL } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import t, { type Test } from 'tap'
import { compileStatement } from '../../../src/db/compile.ts'
import { mediaArticles } from '../../../src/db/schema.ts'
import { readPage } from '../../../src/pagination/index.ts'
import { loadArticles, loadSentimentStats, mediaList } from '../../../src/routes/media/queries.ts'

const dialect = new PgDialect()

type Values = Record<string, unknown>

function same(t: Test, statement: SQL, name: string, values?: Values): void {
  const { sql: text, params } = dialect.sqlToQuery(statement)
  const parameters = values === undefined ? params : fillPlaceholders(params, values)
  t.strictSame(compileStatement(statement, values), { text, parameters }, name)
}

t.test('fragments, values and lists of both', (t) => {
  const name = sql.raw('name')
  const statements: Record<string, SQL> = {
    'text alone': sql`select 1`,
    nothing: sql``,
    values: sql`select ${1}, ${'a'}, ${true}, ${null}, ${2n}, ${1.5}`,
    'what is not there': sql`select 1 ${undefined} where true`,
    nested: sql`select ${name} from (${sql`select ${name}, ${'x'} where ${sql`${name} = ${'y'}`}`}) t where ${3} > 2`,
    joined: sql`in (${sql.join([sql`${1}`, sql`${2}`, name], sql`, `)})`,
    'a fragment twice': sql`${sql`${1}`} ${sql`${1}`}`,
    'a dollar in the text': sql`select '$1', ${1}`,
  }
  for (const [title, statement] of Object.entries(statements)) same(t, statement, title)
  t.end()
})

t.test('a statement with placeholders is compiled once, and takes other values each time', (t) => {
  const [a, b] = [sql.placeholder('a'), sql.placeholder('b')]
  const statement = sql`select ${a}, ${sql`${b} + ${1}`}, ${a}`
  for (const values of [
    { a: 'x', b: 2 },
    { a: null, b: 0 },
    { a: undefined, b: '', c: 'unused' },
  ])
    same(t, statement, JSON.stringify(values), values)
  t.throws(() => compileStatement(statement, { a: 1 }), { name: 'TypeError', message: /placeholder b/ })
  t.throws(() => compileStatement(statement), { name: 'TypeError', message: /placeholder a/ })
  let read = 0
  const chunks = statement.queryChunks
  Object.defineProperty(statement, 'queryChunks', { get: () => (read++, chunks) })
  compileStatement(statement, { a: 1, b: 2 })
  t.equal(read, 0)
  t.end()
})

t.test('what is more than that is drizzle’s', (t) => {
  same(
    t,
    sql`select ${mediaArticles.id} from ${mediaArticles} where ${mediaArticles.title} = ${'x'}`,
    'a table',
  )
  same(t, sql`select ${sql.param(1)}, ${sql.identifier('a"b')}`, 'a parameter and a name')
  same(t, sql`select ${['a', 'b']}`, 'an array')
  t.end()
})

t.test('the statements of routes', async (t) => {
  const asked: { statement: SQL; values: Values | undefined }[] = []
  const rows = (statement: SQL, values?: Values): Promise<[]> => {
    asked.push({ statement, values })
    return Promise.resolve([])
  }
  const database = { rows } as never
  const filters = {
    source: 'one',
    sentiment: 'positive',
    from: undefined,
    to: '2019-06-01T00:00:00Z',
  } as const
  for (const order of ['asc', 'desc'] as const) {
    for (const query of [{}, { offset: 40 }, { count: 'exact' as const }]) {
      const page = readPage(mediaList, { limit: 20, order, ...query }, filters, { maxOffset: 100 })
      await loadArticles(database, filters, page).catch(() => undefined)
    }
  }
  await loadSentimentStats(database, { from: '2019-06-01T00:00:00Z', to: undefined })
  t.ok(asked.length >= 7)
  for (const { statement, values } of asked)
    same(t, statement, dialect.sqlToQuery(statement).sql.slice(0, 40), values)
})
