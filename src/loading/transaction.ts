// The one transaction of a load: its limits, its turn among other loads, and what its failures mean to a person.
import type { Sql, TransactionSql } from 'postgres'
import { isUnavailable } from '../db/errors.ts'
import { inTransaction } from '../db/transaction.ts'
import { LoadError, type LoadFailure } from './report.ts'

/** Any number that no other application of the same database uses; spells "load". */
const LOAD_LOCK = 0x6c6f6164
const LOCK_WAIT_SECONDS = 120
const LOCK_NOT_AVAILABLE = '55P03'
/** Deadlock, serialization, and a source or instrument that went while rows of it came. */
const CROSSED = new Set(['40P01', '40001', '23503'])
const UNDEFINED_TABLE = '42P01'

/**
 * Runs `work` in one transaction without the pool's statement limit: files are long, and so are the statements that write them.
 *
 * @throws LoadError when PostgreSQL is away, goes away or makes the load wait too long; what `work` throws otherwise. Nothing was kept,
 *   unless the message says that the connection was lost at the commit.
 */
export async function inLoadTransaction<Result>(
  pool: Sql,
  work: (session: TransactionSql) => Promise<Result>,
): Promise<Result> {
  let committing = false
  try {
    return await inTransaction(pool, async (session) => {
      await session`select set_config('statement_timeout', '0', true),
        set_config('idle_in_transaction_session_timeout', '0', true),
        set_config('lock_timeout', ${`${LOCK_WAIT_SECONDS}s`}, true)`
      const result = await work(session)
      committing = true
      return result
    })
  } catch (error) {
    throw explained(error, committing)
  }
}

/** Waits until no other load of this database writes, in whatever process, and keeps others waiting until the commit. */
export async function takeTurn(session: TransactionSql): Promise<void> {
  await session`select pg_advisory_xact_lock(${LOAD_LOCK})`
}

function explained(error: unknown, committing: boolean): unknown {
  if (error instanceof LoadError) return error
  const reason = reasonOf(error)
  const code = String((error as { code?: unknown } | null)?.code)
  const because = (message: string, kind: LoadFailure) => new LoadError(message, { cause: error, kind })
  if (code === LOCK_NOT_AVAILABLE) {
    return because(
      `another load, or whoever else writes, held this one up for ${LOCK_WAIT_SECONDS} seconds; nothing was loaded, try again`,
      'busy',
    )
  }
  if (CROSSED.has(code))
    return because(`somebody else wrote the same rows: ${reason}; nothing was loaded, try again`, 'busy')
  if (code === UNDEFINED_TABLE)
    return because(`the database is not migrated: ${reason}; nothing was loaded`, 'unavailable')
  if (!isUnavailable(error)) return error
  return because(
    committing
      ? `the connection was lost at the commit (${reason}): the load may or may not be kept; loading again does no harm`
      : `PostgreSQL is unavailable: ${reason}; nothing was loaded`,
    committing ? 'uncertain' : 'unavailable',
  )
}

/** An error in one line. One that stands for several (a name with two addresses) has a code but no message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as { code?: unknown }
  return error.message === '' && typeof code === 'string' ? code : error.message
}
