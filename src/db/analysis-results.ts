// Kept results of analyses: read, voided, forgotten, and deleted when they are over.
import { sql, type SQL } from 'drizzle-orm'
import type { Sql, TransactionSql } from 'postgres'
import type { Database } from './client.ts'
import { isUnavailable, DatabaseUnavailable } from './errors.ts'
import { inTransaction } from './transaction.ts'

export interface ResultRow {
  hash: string
  kind: 'text' | 'file'
  analyser: string
  version: string
  language: string | null
  tone: string | null
  /** null of a personal result. */
  parameters: object | null
  result: unknown
  salt: Buffer | null
  sealed: Buffer | null
  /** Integer in decimal digits. */
  costMicros: string
  currency: string
  /** As PostgreSQL prints it. */
  analysedAt: string
  expiresAt: string
  /** Milliseconds until `expiresAt`, negative past it. */
  leftMs: number
}

const COLUMNS = sql`hash, kind, analyser, version, language, tone, parameters, result, salt, sealed, cost_micros::text as "costMicros",
  currency, analysed_at as "analysedAt", expires_at as "expiresAt",
  floor(extract(epoch from expires_at - clock_timestamp()) * 1000)::float8 as "leftMs"`

/** The result of a key, expired or not; null of none. */
export async function readResult(database: Database, key: string): Promise<ResultRow | null> {
  const [row] = await database.rows<ResultRow>(sql`select ${COLUMNS} from analyses where key = ${key}`)
  return row ?? null
}

/** What was deleted, by currency. */
export interface Voided {
  count: number
  costs: { currency: string; micros: bigint }[]
}

/** Which results. */
export interface ResultFilter {
  kinds: readonly ('text' | 'file')[]
  /** Of their content; null: any. */
  hash: string | null
  matches: (key: string) => boolean
}

const BATCH = 1000

/** Whether anything is kept; false where PostgreSQL does not say. */
export async function hasResults(database: Database): Promise<boolean> {
  const rows = await database.rows(sql`select from analyses limit 1`).catch(() => [])
  return rows.length > 0
}

/** How many results a filter selects, and what they cost. */
export async function countResults(pool: Sql, filter: ResultFilter): Promise<Voided> {
  return inShortTransaction(pool, (session) => walk(session, filter, async () => Promise.resolve()))
}

/**
 * Deletes results. Calls under way for them land nothing: whoever looks from the commit on finds none whose call began before.
 *
 * @throws DatabaseUnavailable; nothing is deleted then.
 */
export async function voidResults(pool: Sql, filter: ResultFilter): Promise<Voided> {
  return inShortTransaction(pool, async (session) => {
    // Before the results: a call that lands takes its claim away first, and is seen below then.
    const claims = await session<{ key: string }[]>`select key from analysis_claims`
    const dropped = claims.map(({ key }) => key).filter(filter.matches)
    if (dropped.length > 0) await session`delete from analysis_claims where key in ${session(dropped)}`
    return walk(session, filter, async (keys) => {
      await session`delete from analyses where key in ${session(keys)}`
    })
  })
}

/** Visits the keys that match, a batch at a time; answers their number and cost. */
async function walk(
  session: TransactionSql,
  { kinds, hash, matches }: ResultFilter,
  visit: (keys: string[]) => Promise<void>,
): Promise<Voided> {
  const costs = new Map<string, bigint>()
  let [count, after] = [0, '']
  for (;;) {
    const rows = await session<{ key: string; currency: string; micros: string }[]>`
      select key, currency, cost_micros::text as micros from analyses
      where kind in ${session(kinds)} ${hash === null ? session`` : session`and hash = ${hash}`} and key > ${after}
      order by key limit ${BATCH}`
    const found = rows.filter(({ key }) => matches(key))
    for (const { currency, micros } of found)
      costs.set(currency, (costs.get(currency) ?? 0n) + BigInt(micros))
    count += found.length
    if (found.length > 0) await visit(found.map(({ key }) => key))
    const last = rows.at(-1)
    if (last === undefined || rows.length < BATCH) break
    after = last.key
  }
  return { count, costs: [...costs].map(([currency, micros]) => ({ currency, micros })) }
}

/** A transaction whose failures mean that PostgreSQL is away. */
async function inShortTransaction<Result>(
  pool: Sql,
  work: (session: TransactionSql) => Promise<Result>,
): Promise<Result> {
  try {
    return await inTransaction(pool, work)
  } catch (error) {
    throw isUnavailable(error) ? new DatabaseUnavailable(error) : error
  }
}

/**
 * Deletes all that is kept of a person, and sees to it that no call under way lands. In this order: a call that lands meanwhile has taken its claim
 * away, and its row is there to be deleted.
 */
export async function forgetResults(pool: Sql, subjectHash: string): Promise<number> {
  return inShortTransaction(pool, async (session) => {
    await session`
      insert into forgotten_subjects (subject_hash, forgotten_at) values (${subjectHash}, clock_timestamp())
      on conflict (subject_hash) do update set forgotten_at = excluded.forgotten_at`
    await session`delete from analysis_claims where subject_hash = ${subjectHash}`
    const { count } = await session`delete from analyses where subject_hash = ${subjectHash}`
    return count
  })
}

/** So long a result could still be under way. */
const TOMBSTONE_KEPT = '48 hours'
/** Those who waited for a call have looked by then. */
const ENDS_KEPT = '1 minute'

/**
 * Deletes what is over: personal results at once, others when they may not stand in any more.
 *
 * @returns milliseconds until the next personal result is over; null of none.
 */
export async function sweepResults(database: Database, staleSeconds: number): Promise<number | null> {
  const expired: SQL[] = [
    sql`delete from analyses where expires_at <= clock_timestamp() and (subject_hash is not null
      or expires_at <= clock_timestamp() - make_interval(secs => ${staleSeconds}))`,
    sql`delete from analysis_claims where state <> 'running' and until < clock_timestamp() - ${ENDS_KEPT}::text::interval`,
    // Nobody came to take these over.
    sql`with dead as (
        delete from analysis_claims where state = 'running' and until < clock_timestamp() - ${ENDS_KEPT}::text::interval returning day, analyser, currency),
      counted as (select day, analyser, currency, count(*) as calls from dead group by day, analyser, currency)
      update analysis_spending as s set failures = s.failures + counted.calls from counted
      where (s.day, s.analyser, s.currency) = (counted.day, counted.analyser, counted.currency)`,
    sql`delete from analyser_pauses where until <= clock_timestamp()`,
    sql`delete from forgotten_subjects where forgotten_at <= clock_timestamp() - ${TOMBSTONE_KEPT}::text::interval`,
  ]
  for (const statement of expired) await database.rows(statement)
  const [next] = await database.rows<{ leftMs: number | null }>(sql`
    select ceil(extract(epoch from min(expires_at) - clock_timestamp()) * 1000)::float8 as "leftMs"
    from analyses where subject_hash is not null`)
  return next?.leftMs ?? null
}
