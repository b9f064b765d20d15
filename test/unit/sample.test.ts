import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { makeSampleArticles } from '../../scripts/make-sample-articles.ts'
import { readBars } from '../../scripts/sample-articles/sessions.ts'
import type { SampleArticle } from '../../scripts/sample-articles/article.ts'

const file = readFileSync(new URL('../../sample/articles.ndjson', import.meta.url))
const bars = readBars(readFileSync(new URL('../../sample/sp500-daily-2000-2020.csv', import.meta.url)))
const articles = file
  .toString()
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as SampleArticle)
const scored = articles.filter((article) => article.sentiment_score !== null)

const HOUR = 3_600_000
const DAY = 24 * HOUR
const share = (count: number) => count / articles.length
const between = (t: Pick<Test, 'ok'>, value: number, lowest: number, highest: number, message: string) =>
  t.ok(value >= lowest && value <= highest, `${message}: ${value}`)

/** Microseconds since 1970; `Date.parse` alone stops at milliseconds. */
function instantOf({ published_at: text }: SampleArticle): number {
  return Date.parse(`${text.slice(0, 19)}Z`) * 1000 + Number(/\.(\d{6})Z$/.exec(text)?.[1] ?? 0)
}
const instants = articles.map(instantOf)

const sessionEnds = bars.map((bar) => Date.parse(bar.date) + 21 * HOUR)
/** Position of the newest bar whose session had ended when the article came out. */
function barBefore(article: SampleArticle): number {
  const time = Date.parse(article.published_at)
  return sessionEnds.findLastIndex((end) => end <= time)
}
const changeAt = (index: number) => (bars[index]!.close / bars[index - 1]!.close - 1) * 100

t.test('the committed file is what the generator makes of the bars, byte for byte', (t) => {
  t.ok(Buffer.from(makeSampleArticles()).equals(file))
  t.ok(file.length < 2.5e6)
  between(t, articles.length, 3400, 3800, 'articles')
  t.end()
})

const FIELDS = 'source,title,url,summary,content,image_url,language,published_at,scraped_at,sentiment_score'

t.test('each article has the fields of an import file, in a valid form', (t) => {
  const wrong = articles.filter((article) => {
    const { source, url, published_at: published, scraped_at: scraped, sentiment_score: score } = article
    const keys = Object.keys(article).filter((key) => key !== 'sentiment_label')
    const path = `https://${source}.example/${published.slice(0, 10).replaceAll('-', '/')}/`
    return (
      keys.join() !== FIELDS ||
      !(
        Date.parse(scraped) > Date.parse(published) && Date.parse(scraped) - Date.parse(published) <= 900_000
      ) ||
      !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$/.test(published) ||
      !(url.startsWith(path) && /^[a-z0-9-]+-\d+\/$/.test(url.slice(path.length))) ||
      (score !== null && (Math.abs(score) > 1 || Number(score.toFixed(2)) !== score))
    )
  })
  t.same(wrong, [])
  t.equal(new Set(articles.map((article) => article.url)).size, articles.length, 'no URL twice')
  t.equal(new Set(articles.map((article) => article.source)).size, 6)
  t.same([...new Set(articles.map((article) => article.language))], ['en'])
  t.end()
})

t.test('articles ascend and lie within the dates of the bars', (t) => {
  t.ok(instants.every((instant, position) => position === 0 || instant >= instants[position - 1]!))
  t.ok(articles[0]!.published_at >= bars[0]!.date)
  t.ok(articles.at(-1)!.published_at.slice(0, 10) <= bars.at(-1)!.date)
  t.end()
})

t.test('many share an instant, some lie a microsecond apart, some on weekends', (t) => {
  const counts = new Map<number, number>()
  for (const instant of instants) counts.set(instant, (counts.get(instant) ?? 0) + 1)
  const crowded = instants.filter((instant) => counts.get(instant)! >= 3)
  between(t, share(crowded.length), 0.2, 0.3, 'with two others or more')
  t.ok(
    crowded.some((instant) => instant % (DAY * 1000) === 0),
    'midnight',
  )
  t.ok(
    crowded.every((instant) => instant % 60_000_000 === 0),
    'crowds gather at full minutes',
  )

  const neighbours = instants.filter((instant) => counts.has(instant + 1) && counts.has(instant + 2))
  t.ok(neighbours.length >= 10, `${neighbours.length} have two neighbours a microsecond apart`)
  t.ok(articles.filter(({ published_at }) => published_at.includes('.')).length > 500, 'microseconds')
  const onWeekend = instants.filter((instant) => new Date(instant / 1000).getUTCDay() % 6 === 0)
  between(t, share(onWeekend.length), 0.03, 0.15, 'on weekends')
  t.end()
})

t.test('scores cover the scale, labels agree with them, and half are left to be derived', (t) => {
  between(t, share(articles.length - scored.length), 0.06, 0.1, 'without a score')
  const expected = (score: number) => (score >= 0.3 ? 'positive' : score <= -0.3 ? 'negative' : 'neutral')
  const labelled = scored.filter((article) => article.sentiment_label !== undefined)
  between(t, labelled.length / scored.length, 0.45, 0.55, 'scored ones with a label')
  t.same(
    labelled.filter((article) => article.sentiment_label !== expected(article.sentiment_score!)),
    [],
  )
  t.ok(articles.every((article) => article.sentiment_score !== null || !('sentiment_label' in article)))
  for (const label of ['positive', 'neutral', 'negative']) {
    t.ok(labelled.filter((article) => article.sentiment_label === label).length > 200, label)
    t.ok(scored.filter((article) => expected(article.sentiment_score!) === label).length > 500, label)
  }
  t.end()
})

t.test('the tone follows the market, with noise', (t) => {
  const pairs = scored.map((article) => [article.sentiment_score!, changeAt(barBefore(article))] as const)
  const means = [0, 1].map((side) => pairs.reduce((sum, pair) => sum + pair[side]!, 0) / pairs.length)
  const product = (one: 0 | 1, other: 0 | 1) =>
    pairs.reduce((sum, pair) => sum + (pair[one] - means[one]!) * (pair[other] - means[other]!), 0)
  const correlation = product(0, 1) / Math.sqrt(product(0, 0) * product(1, 1))
  between(t, correlation, 0.35, 0.9, 'correlation with the change of the day')
  t.end()
})

t.test('most weeks have the three scored articles that the score asks for', (t) => {
  // 1970 began on a Thursday: weeks are shifted to begin on Mondays.
  const weekNumber = (time: number) => Math.floor((time / DAY + 3) / 7)
  const perWeek = new Map(bars.map((bar) => [weekNumber(Date.parse(bar.date)), 0]))
  for (const article of scored) {
    const week = weekNumber(Date.parse(article.published_at))
    perWeek.set(week, (perWeek.get(week) ?? 0) + 1)
  }
  const enough = Array.from(perWeek.values()).filter((count) => count >= 3).length / perWeek.size
  between(t, enough, 0.8, 0.98, 'weeks with three or more')
  t.end()
})

t.test('some articles lack a summary, a text or a picture', (t) => {
  for (const field of ['summary', 'content', 'image_url'] as const) {
    between(t, share(articles.filter((article) => article[field] === null).length), 0.02, 0.4, field)
  }
  t.end()
})

t.test('titles state what the newest finished session says, and nothing of later ones', (t) => {
  const closing = articles.flatMap((article) => {
    const match = /closes ([\d.]+)% (higher|lower) at ([\d,.]+)$/.exec(article.title)
    return match
      ? [{ article, size: match[1]!, direction: match[2]!, close: match[3]!.replace(',', '') }]
      : []
  })
  t.ok(closing.length > 50, `${closing.length} titles with a close`)
  const wrong = closing.filter(({ article, size, direction, close }) => {
    const index = barBefore(article)
    const change = changeAt(index)
    return (
      bars[index]!.close.toFixed(2) !== close ||
      Math.abs(change).toFixed(1) !== size ||
      (change > 0 ? 'higher' : 'lower') !== direction
    )
  })
  t.same(wrong, [])
  t.end()
})
