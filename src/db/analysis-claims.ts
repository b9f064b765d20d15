// The right to call an analyser, one call a key at a time in the whole fleet: migrations/0003_analyses.sql has the functions. Each statement may run
// twice, where its connection is lost: it does the same then.
import { sql } from 'drizzle-orm'
import type { Database } from './client.ts'

/** A holder that has not renewed its claim for so long counts as dead. */
export const CLAIM_LEASE_MS = 2500

export interface ClaimRequest {
  key: string
  /** Of this attempt alone, a UUID. */
  token: string
  subjectHash: string | null
  analyser: string
  currency: string
  costMicros: bigint
  /** Of a day; null: none. */
  budgetMicros: bigint | null
  /** When the caller began to wait, by the server's clock: a failure since then is its, too. null: it has not waited. */
  since: string | null
  /** Calls although there is a result. */
  isForced: boolean
}

/**
 * mine: call now; the cost is spent already. theirs: somebody calls. kept: there is a result. failed, refused: a call ended with the problem `code`.
 * paused: the analyser wants to be left alone. spent: no budget is left. The last three hold for `leftMs`.
 */
export type ClaimState = 'mine' | 'theirs' | 'kept' | 'failed' | 'refused' | 'paused' | 'spent'

export interface Claimed {
  state: ClaimState
  code: string | null
  leftMs: number
  /** The server's time. */
  now: string
}

export async function claimAnalysis(database: Database, request: ClaimRequest): Promise<Claimed> {
  const { key, token, subjectHash, analyser, currency, costMicros, budgetMicros, since, isForced } = request
  const [claimed] = await database.rows<Claimed>(sql`
    select state, code, now, coalesce(greatest(0, ceil(extract(epoch from at - now) * 1000)), 0)::int as "leftMs"
    from claim_analysis(${key}, ${token}::uuid, ${subjectHash}, ${analyser}, ${currency}, ${String(costMicros)}::bigint,
      ${budgetMicros === null ? null : String(budgetMicros)}::bigint, ${lease()}, coalesce(${since}::timestamptz, clock_timestamp()), ${isForced})`)
  if (claimed === undefined) throw new Error(`no claim for ${key}`)
  return claimed
}

/** Whether somebody is calling for one of these keys. */
export async function isAnyClaimed(database: Database, keys: readonly string[]): Promise<boolean> {
  const rows = await database.rows(sql`
    select from analysis_claims
    where key in (select jsonb_array_elements_text(${JSON.stringify(keys)}::text::jsonb)) and state = 'running' and until > clock_timestamp()`)
  return rows.length > 0
}

/** Whether the claim is still the holder's. */
export async function renewClaim(database: Database, key: string, token: string): Promise<boolean> {
  const rows = await database.rows(sql`
    update analysis_claims set until = clock_timestamp() + ${lease()}
    where key = ${key} and token = ${token}::uuid and state = 'running' returning key`)
  return rows.length > 0
}

export interface Landing {
  key: string
  token: string
  hash: string
  kind: 'text' | 'file'
  version: string
  language: string | null
  tone: string | null
  /** What is kept: open, or sealed for a person. */
  kept: { parameters: object; result: unknown } | { salt: Buffer; sealed: Buffer }
  ttlSeconds: number
}

/** False where the claim was lost, the result cleared or its person forgotten meanwhile: nothing is kept then. */
export async function landAnalysis(database: Database, landing: Landing): Promise<boolean> {
  const { key, token, hash, kind, version, language, tone, kept, ttlSeconds } = landing
  const [parameters, result, salt, sealed] =
    'sealed' in kept
      ? [null, null, kept.salt, kept.sealed]
      : [JSON.stringify(kept.parameters), JSON.stringify(kept.result), null, null]
  const [row] = await database.rows<{ kept: boolean }>(sql`
    select land_analysis(${key}, ${token}::uuid, ${hash}, ${kind}, ${version}, ${language}, ${tone},
      ${parameters}::text::json, ${result}::text::json, decode(${hex(salt)}, 'hex'), decode(${hex(sealed)}, 'hex'),
      make_interval(secs => ${ttlSeconds})) as kept`)
  return row?.kept === true
}

/** How a call ended that brought no result. */
export interface CallEnd {
  /** For those who wait for it, and for a refusal those who come within the next minute; null: for nobody. */
  told: { state: 'failed' | 'refused'; code: string } | null
  /** Whether it may have been charged. */
  isPaid: boolean
  /** How long nobody asks the analyser. */
  pauseSeconds?: number
}

const REFUSAL_REMEMBERED_S = 60

export async function endClaim(
  database: Database,
  key: string,
  token: string,
  { told, isPaid, pauseSeconds }: CallEnd,
): Promise<void> {
  const keepSeconds = told?.state === 'refused' ? REFUSAL_REMEMBERED_S : 0
  await database.rows(sql`
    select end_analysis(${key}, ${token}::uuid, ${told?.state ?? null}, ${told?.code ?? null}, ${isPaid},
      make_interval(secs => ${keepSeconds}), make_interval(secs => ${pauseSeconds ?? null}::float8))`)
}

function lease() {
  return sql`make_interval(secs => ${CLAIM_LEASE_MS / 1000}::float8)`
}

function hex(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('hex')
}
