// Staged articles into `media_articles`, and the sources they name.
import type { TransactionSql } from 'postgres'
import type { ArticleRow } from './articles.ts'
import type { LoadReport } from './report.ts'
import type { Staging } from './staging.ts'

export const ARTICLE_STAGING: Staging<ArticleRow> = {
  table: 'staged_articles',
  key: 'url',
  columns: {
    source: 'text',
    title: 'text',
    url: 'text',
    summary: 'text',
    content: 'text',
    image_url: 'text',
    language: 'text',
    published_at: 'timestamptz',
    sentiment_score: 'double precision',
    sentiment_label: 'text',
    scraped_at: 'timestamptz',
  },
}

/**
 * Writes the articles that are new or different and counts them in the report. A line determines the whole row: what it does not have
 * becomes null, except `scraped_at`, which stays; `created_at` never changes.
 *
 * @returns whether the scores may change: a scored article came or went, or has another time or score.
 */
export async function upsertArticles(session: TransactionSql, report: LoadReport): Promise<boolean> {
  await session`
    insert into media_sources (code, name)
    select distinct source, source from staged_articles s
    where not exists (select from media_sources m where m.code = s.source) order by source
    on conflict (code) do nothing`
  const [counts] = await session<
    { staged: number; inserted: number; updated: number; sentiment_changed: boolean }[]
  >`
    with different as (
      select s.position, s.source, s.title, s.url, s.summary, s.content, s.image_url, s.language, s.published_at,
        s.sentiment_score, s.sentiment_label, coalesce(s.scraped_at, a.scraped_at, now()) as scraped_at,
        a.published_at as old_published_at, a.sentiment_score as old_sentiment_score
      from staged_articles s left join media_articles a on a.url = s.url
      where (a.source, a.title, a.summary, a.content, a.image_url, a.language, a.published_at,
          a.sentiment_score, a.sentiment_label, a.scraped_at) is distinct from
        (s.source, s.title, s.summary, s.content, s.image_url, s.language, s.published_at,
          s.sentiment_score, s.sentiment_label, coalesce(s.scraped_at, a.scraped_at))
    ), written as (
      insert into media_articles (source, title, url, summary, content, image_url, language,
        published_at, sentiment_score, sentiment_label, scraped_at)
      select source, title, url, summary, content, image_url, language,
        published_at, sentiment_score, sentiment_label, scraped_at
      from different order by position
      on conflict (url) do update set
        source = excluded.source, title = excluded.title, summary = excluded.summary,
        content = excluded.content, image_url = excluded.image_url, language = excluded.language,
        published_at = excluded.published_at, sentiment_score = excluded.sentiment_score,
        sentiment_label = excluded.sentiment_label, scraped_at = excluded.scraped_at
      returning (xmax = 0) as is_new
    )
    select (select count(*) from staged_articles) as staged,
      (select count(*) from written where is_new) as inserted,
      (select count(*) from written where not is_new) as updated,
      exists (
        select from different
        where (old_published_at, old_sentiment_score) is distinct from (published_at, sentiment_score)
          and (old_sentiment_score is not null or sentiment_score is not null)
      ) as sentiment_changed`
  report.inserted = counts?.inserted ?? 0
  report.updated = counts?.updated ?? 0
  report.unchanged = (counts?.staged ?? 0) - report.inserted - report.updated
  return counts?.sentiment_changed ?? false
}
