// Articles that came without a score get one from an analyser: a batch a transaction, one batch at a time of all instances. What is written is
// what was read: an article that has changed since, or got a score, stays as it is. So it goes on after a crash where it was.
import type { Sql, TransactionSql } from 'postgres'
import { TEXT_LIMITS, type ScoreArticles, type UnscoredArticle } from '../analyses/articles.ts'
import { inTransaction } from '../db/transaction.ts'

/** Any number that no other application of the same database uses; spells "arts". */
const ARTICLE_LOCK = 0x61727473
/** Of a process that is stopped or cut off in the middle, and of waiting for the clear log's lock. */
const IDLE_LIMIT_MS = 10_000
const STATEMENT_LIMIT = '60s'
/** Each batch expires answers, so a backlog is worked off in few; one takes about a second. */
export const BATCH = 2000

/**
 * done: there were fewer than a batch takes. more: there may be more. nothing: there was none. busy: somebody else is at it. locked: what there
 * is, others are writing.
 */
export type AnalysingOutcome = 'done' | 'more' | 'nothing' | 'busy' | 'locked'

export interface Analysing {
  outcome: AnalysingOutcome
  /** Articles that have a score now. */
  scored: number
}

export interface AnalysingOptions {
  pool: Sql
  /** Its name, as it is noted. */
  analyser: string
  score: ScoreArticles
  /** Articles at most; BATCH unless given. */
  batch?: number
  /** How long the analyser may take for a batch; nothing that counts unless given. */
  patienceMs?: number
}

interface ReadArticle extends UnscoredArticle {
  id: number
  /** Which version of the row was read. */
  version: string
}

/** @throws what PostgreSQL or the analyser throws; nothing is written then. */
export async function scoreUnscored({
  pool,
  analyser,
  score,
  batch = BATCH,
  patienceMs = 0,
}: AnalysingOptions): Promise<Analysing> {
  return inTransaction(pool, async (session) => {
    await session`select set_config('statement_timeout', ${STATEMENT_LIMIT}, true),
      set_config('idle_in_transaction_session_timeout', ${String(IDLE_LIMIT_MS + patienceMs)}, true)`
    const [turn] = await session<
      { mine: boolean }[]
    >`select pg_try_advisory_xact_lock(${ARTICLE_LOCK}) as mine`
    if (turn?.mine !== true) return { outcome: 'busy', scored: 0 }
    const articles = await readUnscored(session, batch)
    if (articles.length === 0) return { outcome: 'nothing', scored: 0 }
    const scores = await score(articles)
    const written = await writeScores(
      session,
      analyser,
      articles.map(({ id, version }, index) => ({
        id,
        version,
        ...(scores[index] ?? { score: null, label: null }),
      })),
    )
    if (written.length === 0) return { outcome: 'locked', scored: 0 }
    const scored = written.filter((row) => row.scored).length
    const isAll = written.length === articles.length && articles.length < batch
    return { outcome: isAll ? 'done' : 'more', scored }
  })
}

/** The newest first: they are what is asked for. */
async function readUnscored(session: TransactionSql, batch: number): Promise<ReadArticle[]> {
  const { each, thin } = TEXT_LIMITS
  return session<ReadArticle[]>`
    select id, xmin::text as version, left(title, ${each}) as title, left(summary, ${each}) as summary, language,
      case when char_length(title) + coalesce(char_length(summary), 0) < ${thin} then left(content, ${each}) end as content
    from media_articles where sentiment_score is null and sentiment_by is null
    order by id desc limit ${batch}`
}

/** Rows that somebody else is writing are left for later: whoever waits for one while holding others may be waited for. */
async function writeScores(
  session: TransactionSql,
  analyser: string,
  scores: readonly { id: number; version: string; score: number | null; label: string | null }[],
): Promise<{ scored: boolean }[]> {
  return session<{ scored: boolean }[]>`
    with free as materialized (
      select a.id, s.score, s.label
      from json_to_recordset(${JSON.stringify(scores)}::text::json) as s (id bigint, version text, score double precision, label text)
      join media_articles a on a.id = s.id and a.xmin::text = s.version
      where a.sentiment_score is null and a.sentiment_by is null
      for no key update of a skip locked
    )
    update media_articles a set sentiment_by = ${analyser}, sentiment_score = free.score,
      sentiment_label = coalesce(a.sentiment_label, free.label)
    from free where a.id = free.id
    returning a.sentiment_score is not null as scored`
}
