// What the clear log says has changed since the scores were last brought up to date, computed: once, by whoever comes first, in one transaction
// with the note of how far that goes. So it goes on after a crash where it was, and doing it twice changes nothing.
import type { Sql, TransactionSql } from 'postgres'
import { inTransaction } from '../db/transaction.ts'
import { METHOD_VERSION } from '../score/method.ts'
import { recomputeScores, type ScoreScope } from './scores.ts'

/** Any number that no other application of the same database uses; spells "scor". */
const SCORE_LOCK = 0x73636f72
/** Of a process that is stopped or cut off in the middle, and of waiting for whoever else computes or locks. */
const IDLE_LIMIT = '10s'
const STATEMENT_LIMIT = '120s'
const LOCK_LIMIT = '120s'
/** Work that those who keep the scores with other settings have left for so long is left for good: they are gone. */
const OVERDUE = '30 seconds'
/** Behind changes that no score depends on the position follows at this distance, so that no look has to go far back. */
const IDLE_DISTANCE = 100

/**
 * done: everything is up to date now. nothing: it was. busy: somebody else is at it. left: it is for those who keep the scores with other
 * settings, another bond instrument or method version, since they were started last.
 */
export type ScoringOutcome = 'done' | 'nothing' | 'busy' | 'left'

export interface Scoring {
  outcome: ScoringOutcome
  /** Snapshots written or deleted. */
  changed: number
  /** How far they had been brought up to date before; null where they never were. */
  position: number | null
}

export interface ScoringOptions {
  pool: Sql
  /** The instrument of `equity_vs_bonds`, if there is one. */
  bondSymbol: string | undefined
  /** Waits for somebody else who is at it; otherwise `busy`. */
  waits?: boolean
  /** Has these settings hold from now on: everything is computed anew where the scores were kept with others. */
  insists?: boolean
  /** Computes everything anew in any case. */
  all?: boolean
}

interface State {
  newest: number
  /** Null where scores were never kept. */
  position: number | null
  method_version: number | null
  bond_symbol: string | null
  /** Tags of what changed since that scores are made of. */
  tags: string[]
  overdue: boolean
}

/** @throws what PostgreSQL throws; nothing is written then. */
export async function scorePending(options: ScoringOptions): Promise<Scoring> {
  const { pool, bondSymbol, waits = false } = options
  return inTransaction(pool, async (session) => {
    await session`select set_config('statement_timeout', ${STATEMENT_LIMIT}, true),
      set_config('idle_in_transaction_session_timeout', ${IDLE_LIMIT}, true), set_config('lock_timeout', ${LOCK_LIMIT}, true)`
    if (!(await takeTurn(session, waits))) return { outcome: 'busy', changed: 0, position: null }
    const state = await readState(session)
    const { position } = state
    const scope = scopeOf(state, options)
    if (scope === 'left') return { outcome: 'left', changed: 0, position }
    if (scope !== 'every index' && scope.length === 0) {
      if (state.newest - (state.position ?? 0) > IDLE_DISTANCE)
        await session`update score_state set position = ${state.newest}`
      return { outcome: 'nothing', changed: 0, position }
    }
    const changed = await recomputeScores(session, scope, bondSymbol)
    await noteState(session, state.newest, bondSymbol)
    return { outcome: 'done', changed, position }
  })
}

/** How far the scores have been brought up to date; null where they never were. */
export async function readScorePosition(session: TransactionSql): Promise<number | null> {
  const [state] = await session<{ position: number }[]>`select position from score_state`
  return state?.position ?? null
}

async function takeTurn(session: TransactionSql, waits: boolean): Promise<boolean> {
  const [turn] = waits
    ? await session<{ mine: boolean }[]>`select true as mine from pg_advisory_xact_lock(${SCORE_LOCK})`
    : await session<{ mine: boolean }[]>`select pg_try_advisory_xact_lock(${SCORE_LOCK}) as mine`
  return turn?.mine === true
}

/** In one statement. Positions are in commit order: whatever is listed is there to be read by the next one. */
async function readState(session: TransactionSql): Promise<State> {
  const [state] = await session<(Omit<State, 'tags'> & { tags: string[] | null })[]>`
    with newest as (select coalesce(max(seq), 0) as seq from cache_clears)
    select newest.seq as newest, s.position, s.method_version, s.bond_symbol, since.tags, coalesce(since.overdue, false) as overdue
    from newest left join score_state s on true, lateral (
      select json_agg(distinct c.selector) as tags, bool_or(c.cleared_at < clock_timestamp() - ${OVERDUE}::text::interval) as overdue
      from cache_clears c
      where c.seq > s.position and c.kind = 'tag' and c.soft and c.actor = 'data'
        and (c.selector in ('dataset:volume', 'dataset:sentiment') or c.selector like 'volume:%' or c.selector like 'symbol:%')
    ) as since`
  if (state === undefined) throw new Error('a statement that always has a row has none')
  return { ...state, tags: state.tags ?? [] }
}

function scopeOf(
  state: State,
  { bondSymbol, insists = false, all = false }: ScoringOptions,
): ScoreScope | 'left' {
  const { newest, position, method_version: version, bond_symbol: bond, tags, overdue } = state
  // Never computed, or by another log.
  if (all || position === null || position > newest) return 'every index'
  if (version !== METHOD_VERSION || bond !== (bondSymbol ?? null)) {
    if (insists || overdue) return 'every index'
    return tags.length === 0 ? [] : 'left'
  }
  const symbols = tags.flatMap((tag) => (tag.startsWith('dataset:') ? [] : tag.slice(tag.indexOf(':') + 1)))
  const reachesAll =
    tags.some((tag) => tag.startsWith('dataset:')) || symbols.some((symbol) => symbol === bondSymbol)
  return reachesAll ? 'every index' : symbols
}

async function noteState(
  session: TransactionSql,
  position: number,
  bondSymbol: string | undefined,
): Promise<void> {
  await session`
    insert into score_state (position, method_version, bond_symbol) values (${position}, ${METHOD_VERSION}, ${bondSymbol ?? null})
    on conflict (single) do update set
      position = excluded.position, method_version = excluded.method_version, bond_symbol = excluded.bond_symbol`
}
