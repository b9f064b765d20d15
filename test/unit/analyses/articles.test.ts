// What the lexicon makes of an article: which text it reads, in which language, and that it lets others have their turn.
import t from 'tap'
import { scoreByLexicon, type UnscoredArticle } from '../../../src/analyses/articles.ts'

const article = (fields: Partial<UnscoredArticle>): UnscoredArticle => ({
  title: 'Title',
  summary: null,
  content: null,
  language: null,
  ...fields,
})
const labels = async (...articles: Partial<UnscoredArticle>[]) =>
  (await scoreByLexicon(articles.map(article))).map((score) => score?.label ?? null)

t.test('title, summary and content', async (t) => {
  t.strictSame(
    await labels({ title: 'Shares surge' }, { summary: 'Shares plunge' }, { content: 'Shares plunge' }, {}),
    ['positive', 'negative', 'negative', 'neutral'],
  )
})

t.test('the language of the article, where it is one of the two; guessed where there is none', async (t) => {
  const title = 'Le titre bondit'
  t.strictSame(
    await labels(
      ...['fr', 'FR', 'fr-CA', 'fr_FR', null, 'en', 'de', 'fra', 'frr', ''].map((language) => ({
        title,
        language,
      })),
    ),
    ['positive', 'positive', 'positive', 'positive', 'positive', 'neutral', null, null, null, null],
  )
})

t.test('many articles are analysed with turns of the event loop in between', async (t) => {
  let turns = 0
  let isDone = false
  const count = (): void => {
    turns += 1
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  await scoreByLexicon(Array.from({ length: 100 }, () => article({ summary: 'Shares fall. '.repeat(100) })))
  isDone = true
  t.ok(turns >= 20, `${turns} turns`)
})
