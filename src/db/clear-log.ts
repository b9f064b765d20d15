// The clear log in PostgreSQL: positions in commit order, which the cache judges its entries by.
import type { Sql, TransactionSql } from 'postgres'
import type { Appended, Clear, ClearLog, ClearRequest, LogReading, Member, Reader } from '../cache/index.ts'
import { LEASE_MS } from '../cache/index.ts'
import { SYSTEM_TIME, type Time } from '../time/time.ts'
import { DatabaseUnavailable, isUnavailable } from './errors.ts'
import { inTransaction } from './transaction.ts'

/**
 * Held from the numbering to the commit, so that `seq` is in commit order: an identity column alone is not. Spells "clog". The triggers of
 * `migrations/0001_changes.sql`, by which data announces its changes here, hold the same.
 */
const CLEAR_LOG_LOCK = 0x636c6f67
/**
 * A clear is an incident tool: it answers soon or says that it could not. Only a start has more patience. Idle is a process that is stopped or
 * cut off while it holds the lock: well under what an append waits for it.
 */
const LIMITS_MS = { append: 800, start: 10_000, read: 1000, other: 500, idle: 500 }
/** Every append is announced here, with its position. */
export const CLEARS_CHANNEL = 'barometer_clears'
/** More clears than these are not worth listing to a reader that missed them: everything older is void for it. */
const LISTED_CLEARS = 1000
/** At least, for those who want to know what happened. */
const ANNOUNCEMENTS_KEPT_S = 86_400

interface ClearRow {
  seq: number
  kind: Clear['kind']
  selector: string
  soft: boolean
}

/** The log that all instances on this database share. Every call ends within its limit; tests of something else give more. */
export function postgresClearLog(pool: Sql, limitsMs = LIMITS_MS, time: Time = SYSTEM_TIME): ClearLog {
  const upTo = (limitMs: number): Limits => ({ limitMs, idleMs: limitsMs.idle, time })
  return {
    // With other readers, not with a writer: position and clears come from the same moment.
    read: (since, keepSeconds, reader) =>
      locked(
        pool,
        'shared',
        upTo(reader.joins && since === 0 ? limitsMs.start : limitsMs.read),
        async (session) => {
          if (!(await acknowledge(session, reader, since))) return null
          return reading(session, since, keepSeconds)
        },
      ),
    append: (clear, since, keepSeconds) =>
      locked(pool, 'exclusive', upTo(limitsMs.append), async (session) => {
        const seq = await insertClear(session, clear, since)
        await session`select pg_notify(${CLEARS_CHANNEL}, ${String(seq)})`
        const list = await listOf(session)
        return { ...(await reading(session, since, keepSeconds)), ...list }
      }),
    unacknowledged: (seq, expected) =>
      within(pool, upTo(limitsMs.other), async (session) => {
        // One row at least, for the epoch.
        const rows = await session<{ epoch: string; id: string | null }[]>`
          select log.epoch, cache_members.id
          from (select ${epoch(session)} as epoch) as log left join cache_members on applied < ${seq}`
        if (rows[0]?.epoch !== expected) throw new Error('the clear log is another one now')
        return rows.flatMap(({ id }) => id ?? [])
      }),
    expire: (members, expected) =>
      within(pool, upTo(limitsMs.other), async (session) => {
        for (const { id, beat } of members)
          await session`
            delete from cache_members where id = ${id} and beat = ${beat} and ${epoch(session)} = ${expected}`
      }),
    // Outside of the lock: a note for people must not keep a clear waiting.
    complete: (seq, expected, { tookMs, deleted, instances }) =>
      within(pool, upTo(limitsMs.other), async (session) => {
        const names = (list: string[] | undefined) => (list === undefined ? null : session.json(list))
        await session`
          update cache_clears set completed_at = clock_timestamp(), took_ms = ${Math.round(tookMs)}, deleted = ${deleted},
            confirmed_by = ${names(instances?.confirmed)}, expired = ${names(instances?.expired)}
          where seq = ${seq} and ${epoch(session)} = ${expected}`
      }),
    leave: (id) =>
      within(pool, upTo(limitsMs.other), async (session) => {
        await session`delete from cache_members where id = ${id}`
      }),
  }
}

/** Whether the instance is on the list, after this. */
async function acknowledge(
  session: TransactionSql,
  { id, name, joins }: Reader,
  applied: number,
): Promise<boolean> {
  // A reader may come with a position that a log had before it lost its end: of clears that are yet to get it, that acknowledges nothing.
  const known = session`least(${applied}::bigint, (select coalesce(max(seq), 0) from cache_clears))`
  if (joins) {
    // From the clock, so that no beat is had twice: who expires a member may have seen the one that was here before.
    await session`
      insert into cache_members (id, name, beat, applied)
      values (${id}, ${name}, (extract(epoch from clock_timestamp()) * 1000)::bigint, ${known})
      on conflict (id) do update set applied = excluded.applied, beat = cache_members.beat + 1`
    await noteEpoch(session)
    return true
  }
  const renewed = await session`
    update cache_members set applied = ${known}, beat = beat + 1 where id = ${id} returning id`
  return renewed.length > 0
}

/** The first epoch of all follows none whose instances could be missing from the list. */
async function noteEpoch(session: TransactionSql): Promise<void> {
  await session`
    insert into cache_epochs (epoch, noticed_at)
    select ${epoch(session)}, case when exists (select from cache_epochs) then clock_timestamp() else '-infinity' end
    on conflict do nothing`
}

async function listOf(session: TransactionSql): Promise<Pick<Appended, 'members' | 'listIsWhole'>> {
  await noteEpoch(session)
  const [state] = await session<{ whole: boolean }[]>`
    select noticed_at < clock_timestamp() - make_interval(secs => ${(LEASE_MS / 1000) * 1.02}) as whole
    from cache_epochs where epoch = ${epoch(session)}`
  const members = await session<Member[]>`select id, name, beat from cache_members order by name`
  return { members: [...members], listIsWhole: state?.whole === true }
}

/** Notes a clear without an instance of our own, for a command that finds no service running. */
export async function appendClear(pool: Sql, clear: ClearRequest): Promise<number> {
  const limits = { limitMs: LIMITS_MS.append, idleMs: LIMITS_MS.idle, time: SYSTEM_TIME }
  return locked(pool, 'exclusive', limits, (session) => insertClear(session, clear, 0))
}

/**
 * Deletes what data announced of itself before any entry was loaded that there is, and that the scores have followed. Clears that somebody asked
 * for stay, and the newest row, whose position readers have.
 */
export async function pruneAnnouncements(pool: Sql, keepSeconds: number): Promise<void> {
  const limits = { limitMs: LIMITS_MS.start, idleMs: LIMITS_MS.idle, time: SYSTEM_TIME }
  await within(pool, limits, async (session) => {
    await session`
      delete from cache_clears where cleared_at < now() - make_interval(secs => ${Math.max(keepSeconds, ANNOUNCEMENTS_KEPT_S)})
        and soft and actor = 'data' and seq <= (select position from score_state)
        and seq < (select max(seq) from cache_clears)`
  })
}

/** Behind `since` in any case: in a log that lost its end, the next position would be one that entries have already. */
async function insertClear(session: TransactionSql, clear: ClearRequest, since: number): Promise<number> {
  const [row] = await session<{ seq: number }[]>`
    insert into cache_clears (seq, kind, selector, soft, actor, reason)
    values (next_clear_position(${since}), ${clear.kind}, ${clear.selector}, ${clear.soft}, ${clear.actor}, ${clear.reason ?? null})
    returning seq`
  if (row === undefined) throw new Error('the clear log gave no position')
  return row.seq
}

async function reading(session: TransactionSql, since: number, keepSeconds: number): Promise<LogReading> {
  // The floor is the newest clear that is older than any entry; all of them where the reader's position is in the log no more.
  const [state] = await session<{ epoch: string; seq: number; floor: number }[]>`
    with newest as (select coalesce(max(seq), 0) as seq from cache_clears)
    select ${epoch(session)} as epoch, newest.seq, greatest(
      newest.seq - ${LISTED_CLEARS},
      (select seq from cache_clears where cleared_at <= now() - make_interval(secs => ${keepSeconds}) order by seq desc limit 1),
      case when ${since} > 0 and not exists (select from cache_clears where seq = ${since}) then newest.seq end,
      0) as floor
    from newest`
  if (state === undefined) throw new Error('the clear log gave no position')
  const clears = await session<ClearRow[]>`
    select seq, kind, selector, soft from cache_clears where seq > ${Math.max(since, state.floor)} order by seq`
  return { ...state, clears: [...clears] }
}

/**
 * Cluster, timeline, database and the table's file: a failover, a restore or a truncated table makes another log. The timeline is asked of the
 * running server, as its control file lags behind a failover by up to a checkpoint.
 */
function epoch(session: TransactionSql) {
  return session`(
    select concat_ws('-', system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8),
      (select oid from pg_database where datname = current_database()), pg_relation_filenode('cache_clears'))
    from pg_control_system())`
}

/** Of a transaction as a whole, and of its silence. */
interface Limits {
  limitMs: number
  idleMs: number
  time: Time
}

/** A transaction that holds the lock, or a failure within the limit. */
function locked<T>(
  pool: Sql,
  mode: 'shared' | 'exclusive',
  limits: Limits,
  work: (session: TransactionSql) => Promise<T>,
): Promise<T> {
  return within(pool, limits, async (session, requireTime) => {
    await (mode === 'shared'
      ? session`select pg_advisory_xact_lock_shared(${CLEAR_LOG_LOCK})`
      : session`select pg_advisory_xact_lock(${CLEAR_LOG_LOCK})`)
    requireTime()
    return work(session)
  })
}

/** A transaction, or a failure within the limit. */
async function within<T>(
  pool: Sql,
  { limitMs, idleMs, time }: Limits,
  work: (session: TransactionSql, requireTime: () => void) => Promise<T>,
): Promise<T> {
  let cancel = (): void => undefined
  let late = false
  const overdue = () => new DatabaseUnavailable(new Error(`clear log: no answer within ${limitMs} ms`))
  const limit = new Promise<never>((_, reject) => {
    cancel = time.after(limitMs, () => {
      late = true
      reject(overdue())
    })
  })
  // A hung server that goes on finds every attempt made meanwhile; those given up leave without a trace.
  const requireTime = () => {
    if (late) throw overdue()
  }
  const transacted = async (session: TransactionSql): Promise<T> => {
    // The second limit is for this process: paused or cut off in the middle, it would hold the lock and with it every clear of the fleet.
    await session`select set_config('statement_timeout', ${String(limitMs)}, true),
      set_config('idle_in_transaction_session_timeout', ${String(Math.min(limitMs, idleMs))}, true)`
    requireTime()
    return work(session, requireTime)
  }
  const transaction = inTransaction(pool, transacted, time)
  // One that was further and ends after the limit still counts for PostgreSQL; here it is owed and repeated, which clears twice.
  transaction.catch(() => undefined)
  try {
    return await Promise.race([transaction, limit])
  } catch (error) {
    throw isUnavailable(error) ? new DatabaseUnavailable(error) : error
  } finally {
    cancel()
  }
}
