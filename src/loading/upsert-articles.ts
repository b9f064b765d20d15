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
 * becomes null, except `scraped_at`, which stays, and what an analyser said of the same text; `created_at` never changes.
 */
export async function upsertArticles(session: TransactionSql, report: LoadReport): Promise<void> {
  const seen = scoresAfter(session, 'a', 's')
  // An analyser may have written since.
  const latest = scoresAfter(session, 'media_articles', 'excluded')
  await session`
    insert into media_sources (code, name)
    select distinct source, source from staged_articles s
    where not exists (select from media_sources m where m.code = s.source) order by source
    on conflict (code) do nothing`
  const [counts] = await session<{ staged: number; inserted: number; updated: number }[]>`
    with written as (
      insert into media_articles (source, title, url, summary, content, image_url, language,
        published_at, sentiment_score, sentiment_label, scraped_at)
      select s.source, s.title, s.url, s.summary, s.content, s.image_url, s.language,
        s.published_at, s.sentiment_score, s.sentiment_label, coalesce(s.scraped_at, a.scraped_at, now())
      from staged_articles s left join media_articles a on a.url = s.url
      where (a.source, a.title, a.summary, a.content, a.image_url, a.language, a.published_at,
          a.sentiment_score, a.sentiment_label, a.sentiment_by, a.scraped_at) is distinct from
        (s.source, s.title, s.summary, s.content, s.image_url, s.language, s.published_at,
          ${seen.score}, ${seen.label}, ${seen.by}, coalesce(s.scraped_at, a.scraped_at))
      order by s.position
      on conflict (url) do update set
        source = excluded.source, title = excluded.title, summary = excluded.summary,
        content = excluded.content, image_url = excluded.image_url, language = excluded.language,
        published_at = excluded.published_at, sentiment_score = ${latest.score},
        sentiment_label = ${latest.label}, sentiment_by = ${latest.by}, scraped_at = excluded.scraped_at
      returning (xmax = 0) as is_new
    )
    select (select count(*) from staged_articles) as staged,
      count(*) filter (where is_new) as inserted, count(*) filter (where not is_new) as updated
    from written`
  report.inserted = counts?.inserted ?? 0
  report.updated = counts?.updated ?? 0
  report.unchanged = (counts?.staged ?? 0) - report.inserted - report.updated
}

/**
 * Score, label and analyser of an article after it is loaded again: its own where it has a score, else those of an analyser that was given the
 * same text. Without either it is analysed anew.
 *
 * @param before the row that is there.
 * @param loaded the row that comes.
 */
function scoresAfter(session: TransactionSql, before: string, loaded: string) {
  const [was, is] = [session(before), session(loaded)]
  const stays = session`${was}.sentiment_by is not null and ${is}.sentiment_score is null
    and (${was}.title, ${was}.summary, ${was}.content, ${was}.language)
      is not distinct from (${is}.title, ${is}.summary, ${is}.content, ${is}.language)`
  return {
    score: session`case when ${stays} then ${was}.sentiment_score else ${is}.sentiment_score end`,
    label: session`case when ${stays} then coalesce(${is}.sentiment_label, ${was}.sentiment_label) else ${is}.sentiment_label end`,
    by: session`case when ${stays} then ${was}.sentiment_by end`,
  }
}
