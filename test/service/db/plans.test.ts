// The plans of the statements that the routes run, on 200,000 articles: an index everywhere, and no more rows read than a page has.
import t from 'tap'
import { openDatabase, openPool } from '../../../src/db/client.ts'
import {
  readPage,
  type ListDefinition,
  type ListPage,
  type PageRequest,
} from '../../../src/pagination/index.ts'
import { Problem } from '../../../src/problems.ts'
import { clearList, loadClear, loadClears, loadNewestClears } from '../../../src/routes/cache/queries.ts'
import { loadIndexHistory, loadSimplified } from '../../../src/routes/legacy/queries.ts'
import {
  loadArticle,
  loadArticles,
  loadSentimentStats,
  loadSources,
  mediaList,
} from '../../../src/routes/media/queries.ts'
import { loadOverview } from '../../../src/routes/overview/queries.ts'
import { loadLatestScore, loadScores, scoreList } from '../../../src/routes/score/queries.ts'
import {
  loadLatestVolume,
  loadVolume,
  loadVolumeStats,
  loadVolumeTrend,
  volumeList,
} from '../../../src/routes/volume/queries.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { explainPrepared, recording, type Statement } from './explained.ts'
import { ACTORS, ARTICLES, insertManyRows, SOURCES, SYMBOLS } from './many-rows.ts'

const url = await createDatabase(await sharedPostgres(t))
const session = openPool(url, { max: 1 })
t.teardown(() => session.end({ timeout: 0 }))
await insertManyRows(session)
const plain = openDatabase({ url, poolMax: 2, statementTimeoutMs: 30_000 })
t.teardown(() => plain.close())

const LIMIT = 20
const UNBOUNDED = 10 * ARTICLES
/** What the next statements are for. */
let current: Pick<Statement, 'budget' | 'label'> = { budget: { rows: 0, sorted: 0 }, label: '' }
const { database, statements } = recording(plain, () => current)

interface Paging {
  limit?: number
  offset?: number
  cursor?: string
  count?: 'exact'
}

type Filters = Record<string, string | undefined>

/** Every kind of page of a list under these filters, in both orders. */
async function walk(
  list: ListDefinition,
  filters: Filters,
  load: (page: PageRequest) => Promise<ListPage<object>>,
  { ids = [], isCounted = true }: { ids?: string[]; isCounted?: boolean } = {},
): Promise<void> {
  for (const order of ['desc', 'asc'] as const) {
    const page = async (kind: string, paging: Paging) => {
      const { limit = LIMIT, offset = 0, count } = paging
      const rows = count === undefined ? offset + limit + 1 : UNBOUNDED
      const label = `${list.name} ${JSON.stringify(filters)} ${order} ${kind}`
      current = { budget: { rows, sorted: limit + 1 }, label }
      const request = readPage(list, { limit, order, ...paging }, filters, { maxOffset: ARTICLES })
      return (await load(request)).envelope.pagination
    }
    const onward = async (kind: string, from: Awaited<ReturnType<typeof page>>) => {
      if (from.type !== 'cursor') return
      const { next_cursor: next, prev_cursor: previous } = from
      if (next !== null) await page(`after ${kind}`, { cursor: next })
      if (previous !== null) await page(`before ${kind}`, { cursor: previous })
      if (next !== null) await page(`500 after ${kind}`, { cursor: next, limit: 500 })
    }
    const first = await page('first page', {})
    await onward('the first page', first)
    if (first.type === 'cursor' && first.next_cursor !== null) {
      await onward('the second page', await page('second page', { cursor: first.next_cursor }))
    }
    for (const id of ids) await onward(`article ${id}`, await page(`article ${id}`, { cursor: id }))
    for (const offset of [0, 40, 3000]) await page(`offset ${offset}`, { offset })
    if (isCounted) await page('counted', { count: 'exact' })
  }
}

/** Explains all statements recorded, by their text, in two rounds. */
async function complaints(): Promise<string[]> {
  const byText = new Map<string, Statement[]>()
  for (const statement of statements.splice(0)) {
    byText.set(statement.text, [...(byText.get(statement.text) ?? []), statement])
  }
  const found: string[] = []
  for (const same of byText.values()) found.push(...(await explainPrepared(session, [...same, ...same])))
  return found
}

/** "Not found" is an answer, too; its statements count like others. */
async function orNotFound(answer: Promise<unknown>): Promise<void> {
  await answer.catch((error: unknown) => {
    if (!(error instanceof Problem)) throw error
  })
}

const INSTANTS = [
  { from: undefined, to: undefined },
  { from: '2024-08-01T00:00:00Z', to: '2024-08-20T23:59:59.999999Z' },
  { from: undefined, to: '2024-03-01T00:00:00Z' },
]
const DATES = [
  { from: undefined, to: undefined },
  { from: '2005-01-01', to: '2005-02-01' },
  { from: undefined, to: '2001-01-01' },
]

for (const source of [undefined, ...SOURCES]) {
  t.test(`articles of ${source ?? 'all sources'}`, async (t) => {
    for (const sentiment of [undefined, 'negative', 'positive'] as const) {
      for (const range of INSTANTS) {
        const filters = { source, sentiment, ...range }
        const ids = ['100', '60001', '150700', '199990']
        await orNotFound(walk(mediaList, filters, (page) => loadArticles(database, filters, page), { ids }))
      }
    }
    t.ok(statements.length > 0)
    t.same(await complaints(), [])
  })
}

t.test('bars and scores', async (t) => {
  for (const symbol of SYMBOLS) {
    for (const range of DATES) {
      const filters = { symbol, ...range }
      await walk(volumeList, filters, (page) => loadVolume(database, symbol, range, page))
      await walk(scoreList, filters, (page) => loadScores(database, symbol, range, page))
    }
    for (const days of [7, 30, 365]) {
      current = { budget: { rows: days, sorted: 0 }, label: `volume/latest ${symbol} ${days}` }
      await loadLatestVolume(database, symbol, days)
    }
    current = { budget: { rows: 1, sorted: 0 }, label: `score/latest ${symbol}` }
    await loadLatestScore(database, symbol)
  }
  current = { budget: { rows: 1, sorted: 0 }, label: 'unknown symbol' }
  await orNotFound(loadLatestScore(database, 'NONE'))
  await orNotFound(loadLatestVolume(database, 'NONE', 30))
  t.same(await complaints(), [])
})

t.test('single articles and the sources', async (t) => {
  current = { budget: { rows: 1, sorted: 0 }, label: 'one article' }
  for (const id of [1, 100_000, ARTICLES, ARTICLES + 1]) await orNotFound(loadArticle(database, id))
  // Every source counts its articles in the index; the list itself is short.
  current = { budget: { rows: UNBOUNDED, sorted: 100 }, label: 'sources' }
  t.equal((await loadSources(database)).total_sources, 34)
  t.same(await complaints(), [])
})

t.test('the log of clears', async (t) => {
  const all = [{}, { soft: true }, { soft: false }, ...ACTORS.map((actor) => ({ actor }))]
  for (const { actor, soft } of all as { actor?: string; soft?: boolean }[]) {
    const load = (page: PageRequest) => loadClears(database, { actor, soft }, page)
    // Whoever has nearly all of a table counted has it read.
    const isCounted = actor !== undefined || soft === false
    await walk(clearList, { actor, soft: soft?.toString() }, load, { isCounted })
  }
  current = { budget: { rows: 10, sorted: 0 }, label: 'the newest clears' }
  t.equal((await loadNewestClears(database, 10)).length, 10)
  current = { budget: { rows: 1, sorted: 0 }, label: 'one clear' }
  await orNotFound(loadClear(database, 50_000))
  t.same(await complaints(), [])
})

t.test('figures', async (t) => {
  const asking = (rows: number, label: string) => (current = { budget: { rows, sorted: rows }, label })
  for (const symbol of SYMBOLS) {
    asking(365, `volume/stats ${symbol}`)
    await loadVolumeStats(database, symbol, 365)
    asking(30, `volume/trend ${symbol}`)
    await loadVolumeTrend(database, symbol)
    asking(31, `index/history ${symbol}`)
    await loadIndexHistory(database, symbol, '30d')
    asking(31, `index/history ${symbol}`)
    await loadIndexHistory(database, symbol, { from: '2005-01-01', to: '2005-01-31' })
    asking(271, `simplified ${symbol}`)
    await loadSimplified(database, symbol)
    // Exact counts read an index from end to end; the rest of the overview is five articles and a score.
    asking(UNBOUNDED, `overview ${symbol}`)
    await loadOverview(database, symbol)
  }
  asking(6000, 'a week of sentiment')
  await loadSentimentStats(database, { from: '2024-08-01T00:00:00Z', to: '2024-08-07T23:59:59.999999Z' })
  t.same(await complaints(), [])
})

t.test('sentiment of all articles is read from the index alone', async (t) => {
  current = { budget: { rows: UNBOUNDED, sorted: 0 }, label: 'sentiment of all articles' }
  await loadSentimentStats(database, { from: undefined, to: undefined })
  const [statement] = statements
  const rows = await session.unsafe(`explain ${statement!.text}`, statement!.parameters as string[])
  t.match(JSON.stringify(rows), /Index Only Scan using media_articles_published/)
  t.same(await complaints(), [])
})
