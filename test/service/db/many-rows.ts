// 200,000 articles, 20,000 bars and scores and 100,000 clears, uneven as real ones are: what a planner takes for granted is wrong here somewhere.
import type postgres from 'postgres'

export const ARTICLES = 200_000
export const SYMBOLS = ['^GSPC', 'BOND']

/** In the log of clears; `loopback` asked for few of them, and for none lately. */
export const ACTORS = ['ops', 'loopback', 'nobody']

/** `agency` has every second article, none of the last year; `young` began lately; `rare` has ten; the others share the rest. */
export const SOURCES = ['agency', 'daily', 'young', 'rare', 'source-5', 'unknown'] as const

/**
 * Four articles share a time, and 3,000 of one import another one. The first quarter has no labels, `negative` was the most common one for
 * years and is rare now.
 */
export async function insertManyRows(sql: postgres.Sql): Promise<void> {
  await sql`
    insert into media_sources (code, name)
    select code, code from unnest(array['agency', 'daily', 'young', 'rare']) code
    union all select 'source-' || i, 'Source ' || i from generate_series(1, 30) i`
  await sql`
    insert into media_articles (source, title, url, summary, content, published_at, sentiment_score, sentiment_label)
    select
      case when i % 20000 = 7 then 'rare' when i <= 100000 then 'agency' when i > 198000 and i % 5 = 0 then 'young'
        when i % 3 = 0 then 'daily' else 'source-' || 1 + i % 30 end,
      'Title ' || i, 'https://news.example/' || i, repeat('summary ', 10), repeat('content ', 60),
      timestamptz '2024-01-01T00:00:00Z' + case when i between 150001 and 153000 then 37500 else i / 4 end * interval '7 minutes',
      (i * 7919 % 2001 - 1000) / 1000.0,
      case when i < 50000 then null when i < 140000 then 'negative' when i % 1000 = 3 then 'negative'
        when i % 3 = 0 then 'neutral' else 'positive' end
    from generate_series(1, ${ARTICLES}::int) i`
  await sql`insert into instruments (symbol, name, kind) values ('^GSPC', 'S&P 500', 'index'), ('BOND', 'Bond', 'bond')`
  await sql`
    insert into daily_bars select k, date '2000-01-01' + i, 10, 12, 9, 11, 1000 + i
    from generate_series(1, 2) k, generate_series(1, 5000) i`
  await sql`
    insert into score_snapshots (instrument_id, as_of, score, coverage, method_version)
    select k, date '2000-01-01' + i, 50, 1, 1 from generate_series(1, 2) k, generate_series(1, 5000) i`
  await sql`
    insert into cache_clears (seq, kind, selector, soft, actor, cleared_at)
    select (select coalesce(max(seq), 0) from cache_clears) + i, 'tag', 'dataset:media', i % 100 <> 7,
      case when i % 100 <> 7 then 'data' when i < 2000 then 'loopback' else 'ops' end,
      timestamptz '2024-01-01T00:00:00Z' + i * interval '1 minute'
    from generate_series(1, 100000) i`
  await sql`vacuum analyze`
}
