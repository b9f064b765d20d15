// Articles and sources in SQL.
import { sql } from 'drizzle-orm'
import type { Database } from '../../db/client.ts'
import { loadPage, type KeysetSource } from '../../db/keyset.ts'
import { toRfc3339 } from '../../db/timestamps.ts'
import { defineList, type ListPage, type PageRequest } from '../../pagination/index.ts'
import { Problem } from '../../problems.ts'
import type { Range } from '../../http/range.ts'
import { round2 } from '../../http/schemas.ts'
import type { Article, MediaFilters, SentimentStats, Sources } from './schema.ts'

export const mediaList = defineList({
  name: 'media/latest',
  keys: [
    { column: 'published_at', kind: 'timestamp' },
    { column: 'id', kind: 'id' },
  ],
  acceptsId: true,
})

/** Of an article `a`, as `toArticle` takes them. */
export const articleColumns = sql<Article>`a.id, a.source, a.title, a.url, a.summary, a.content, a.image_url, a.published_at, a.sentiment_score, a.sentiment_label, a.scraped_at`

/** Each set of filters has an index of its own, and a column that this leads with. */
const sourceWith = (fixed: KeysetSource['fixed']): KeysetSource<Article> => ({
  from: sql`media_articles a`,
  columns: articleColumns,
  filters: [],
  fixed,
  keys: { published_at: sql`a.published_at`, id: sql`a.id` },
})
const [source, sentiment] = [sql.placeholder('source'), sql.placeholder('sentiment')]
const articles = {
  all: sourceWith(undefined),
  ofSource: sourceWith({ column: sql`a.source`, value: sql`${source}` }),
  ofSentiment: sourceWith({ column: sql`a.sentiment_label`, value: sql`${sentiment}` }),
  ofBoth: sourceWith({
    column: sql`(a.source || ':' || a.sentiment_label)`,
    value: sql`${sql.placeholder('source_and_sentiment')}`,
  }),
}

export async function loadArticles(
  database: Database,
  { source, sentiment, from, to }: MediaFilters,
  page: PageRequest,
): Promise<ListPage<Article>> {
  const given = {
    range: { from, to },
    values: { source, sentiment, source_and_sentiment: `${source}:${sentiment}` },
  }
  const result = await loadPage(database, articlesWith(source, sentiment), page, toArticle, given)
  if (source !== undefined && result.envelope.count === 0) await requireSource(database, source)
  return result
}

function articlesWith(
  source: MediaFilters['source'],
  sentiment: MediaFilters['sentiment'],
): KeysetSource<Article> {
  if (source === undefined) return sentiment === undefined ? articles.all : articles.ofSentiment
  return sentiment === undefined ? articles.ofSource : articles.ofBoth
}

/** @throws Problem unknown_article */
export async function loadArticle(database: Database, id: number): Promise<Article> {
  const [row] = await database.rows<Article>(
    sql`select ${articleColumns} from media_articles a where a.id = ${id}`,
  )
  if (row === undefined) throw new Problem('unknown_article', `there is no article ${id}`)
  return toArticle(row)
}

/** All sources, by code; articles are counted in each one's index. */
export async function loadSources(database: Database): Promise<Sources> {
  const sources = await database.rows<Sources['sources'][number]>(sql`
    select s.id, s.code, s.name, s.logo_url, (select count(*) from media_articles a where a.source = s.code) as article_count
    from media_sources s order by s.code`)
  return { sources, total_sources: sources.length }
}

interface SentimentRow {
  total: number
  positive: number
  neutral: number
  negative: number
  average: number | null
  min: number | null
  max: number | null
}

/** Counts and scores of the articles of a range, from the index alone. */
export async function loadSentimentStats(database: Database, { from, to }: Range): Promise<SentimentStats> {
  const conditions = [
    ...(from === undefined ? [] : [sql`a.published_at >= ${from}::text::timestamptz`]),
    ...(to === undefined ? [] : [sql`a.published_at <= ${to}::text::timestamptz`]),
  ]
  const label = (name: string) => sql`count(*) filter (where a.sentiment_label = ${name})`
  const [row] = await database.rows<SentimentRow>(sql`
    select count(*) as total, ${label('positive')} as positive, ${label('neutral')} as neutral, ${label('negative')} as negative,
      avg(a.sentiment_score) as average, min(a.sentiment_score) as min, max(a.sentiment_score) as max
    from media_articles a where ${sql.join([sql`true`, ...conditions], sql` and `)}`)
  return {
    total_articles: row?.total ?? 0,
    sentiment_distribution: {
      positive: row?.positive ?? 0,
      neutral: row?.neutral ?? 0,
      negative: row?.negative ?? 0,
    },
    sentiment_scores: {
      average: round2(row?.average ?? 0),
      min: round2(row?.min ?? 0),
      max: round2(row?.max ?? 0),
    },
  }
}

async function requireSource(database: Database, source: string): Promise<void> {
  const found = await database.rows(sql`select 1 from media_sources where code = ${source}`)
  if (found.length === 0)
    throw new Problem('unknown_source', `there is no media source ${source}; see /api/v1/media/sources`)
}

/** The rows of `articleColumns` have an article's shape already, times apart. */
export function toArticle(row: Article): Article {
  const { id, source, title, url, summary, content, image_url, sentiment_score, sentiment_label } = row
  return {
    id,
    source,
    title,
    url,
    summary,
    content,
    image_url,
    published_at: toRfc3339(row.published_at),
    sentiment_score,
    sentiment_label,
    scraped_at: toRfc3339(row.scraped_at),
  }
}
