// A batch of articles that came without a score: each is analysed once, nobody is waited for, and a score that comes with an article stays.
import t from 'tap'
import type { ArticleScore, ScoreArticles } from '../../../src/analyses/articles.ts'
import { scoreUnscored } from '../../../src/loading/unscored-articles.ts'
import { inTransaction } from '../../../src/db/transaction.ts'
import { article, startLoadingDatabase } from '../../support/loading.ts'

const database = await startLoadingDatabase(t)
const { pool, articles } = database
const GOOD = 'Shares surge to a record high'
const BAD = 'Shares plunge after profit warning'

interface Row {
  title: string
  score: number | null
  label: string | null
  by: string | null
}

const rows = () =>
  pool<
    Row[]
  >`select title, sentiment_score as score, sentiment_label as label, sentiment_by as by from media_articles order by url`
const row = async (): Promise<Row> => (await rows())[0]!
const byHand =
  (seen: string[] = [], answer: ArticleScore | null = { score: 0, label: 'neutral' }): ScoreArticles =>
  (batch) => {
    seen.push(...batch.map(({ title }) => title))
    return Promise.resolve(batch.map(() => answer))
  }
const run = (score: ScoreArticles = byHand(), batch?: number) =>
  scoreUnscored({ pool, analyser: 'hand', score, ...(batch === undefined ? {} : { batch }) })

t.beforeEach(() => database.empty())

t.test('each once, the newest first, in batches; neutral counts as scored', async (t) => {
  await articles([1, 2, 3, 4, 5].map((number) => article(number)))
  const seen: string[] = []
  t.strictSame(await run(byHand(seen), 2), { outcome: 'more', scored: 2 })
  t.strictSame(await run(byHand(seen), 2), { outcome: 'more', scored: 2 })
  t.strictSame(await run(byHand(seen), 2), { outcome: 'done', scored: 1 })
  t.strictSame(await run(byHand(seen), 2), { outcome: 'nothing', scored: 0 })
  t.strictSame(seen, ['Title 5', 'Title 4', 'Title 3', 'Title 2', 'Title 1'])
  t.match(
    await rows(),
    Array.from({ length: 5 }, () => ({ score: 0, label: 'neutral', by: 'hand' })),
  )
})

t.test('one that the analyser has nothing to say of is asked for once, and has no score', async (t) => {
  await articles([article(1)])
  t.strictSame(await run(byHand([], null)), { outcome: 'done', scored: 0 })
  t.match(await row(), { score: null, label: null, by: 'hand' })
  t.equal((await run()).outcome, 'nothing')
})

t.test(
  'a score that comes while an article is analysed stays, and a text that changes is analysed again',
  async (t) => {
    await articles([article(1), article(2)])
    const meanwhile: ScoreArticles = async (batch) => {
      await articles([article(1, { sentiment_score: 0.7 }), article(2, { title: 'Another' })])
      return batch.map(() => ({ score: -1, label: 'negative' as const }))
    }
    t.strictSame(await run(meanwhile), { outcome: 'locked', scored: 0 })
    t.match(await rows(), [
      { score: 0.7, label: 'positive', by: null },
      { title: 'Another', score: null, by: null },
    ])
    t.strictSame(await run(), { outcome: 'done', scored: 1 })
  },
)

t.test('rows that others are writing are left, and nobody is waited for', async (t) => {
  await articles([article(1), article(2)])
  await inTransaction(pool, async (session) => {
    await session`update media_articles set summary = 'x' where url = 'https://harbor-wire.example/2'`
    t.strictSame(await run(), { outcome: 'more', scored: 1 })
    t.strictSame(await run(), { outcome: 'locked', scored: 0 })
  })
  t.strictSame(await run(), { outcome: 'done', scored: 1 })
})

t.test('one at a time, and a failure writes nothing', async (t) => {
  await articles([article(1)])
  await run(async (batch) => {
    t.strictSame(await run(), { outcome: 'busy', scored: 0 })
    return batch.map(() => null)
  })
  await articles([article(2)])
  await t.rejects(
    run(() => Promise.reject(new Error('away'))),
    /away/,
  )
  t.match((await rows())[1], { score: null, by: null })
})

t.test('an article that is loaded again keeps what an analyser said of the same text', async (t) => {
  await articles([article(1, { title: GOOD })])
  await run(byHand([], { score: 0.25, label: 'positive' }))
  t.match(await articles([article(1, { title: GOOD })]), { updated: 0, unchanged: 1 })
  t.match(await articles([article(1, { title: GOOD, image_url: 'https://harbor-wire.example/1.png' })]), {
    updated: 1,
  })
  t.match(await row(), { score: 0.25, label: 'positive', by: 'hand' })
  await articles([article(1, { title: BAD })])
  t.match(await row(), { score: null, label: null, by: null }, 'another text is analysed anew')
  await run()
  await articles([article(1, { title: BAD, sentiment_score: -0.9 })])
  t.match(await row(), { score: -0.9, label: 'negative', by: null }, 'its own score replaces')
  t.equal((await run()).outcome, 'nothing')
  await articles([article(1, { title: BAD })])
  t.match(
    await row(),
    { score: null, by: null },
    'a score of its own that is left out is gone, and the next run finds one',
  )
})

t.test('a batch announces each source and the sentiment once', async (t) => {
  await articles([article(1), article(2), article(3, { source: 'quay-post' })])
  await pool`truncate cache_clears`
  await run()
  t.strictSame(
    (await pool`select selector from cache_clears order by selector`).map(
      ({ selector }) => selector as string,
    ),
    ['dataset:sentiment', 'source:harbor-wire', 'source:quay-post'],
  )
})
