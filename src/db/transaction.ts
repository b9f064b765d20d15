// Transactions that survive the loss of their connection.
//
// postgres.js 3.4 answers such a loss with a ROLLBACK of its own on the socket that is gone, and that write throws where nobody can catch it:
// the process ends (porsager/postgres#1208). A statement that comes later is worse: it may run on the connection's successor, outside of
// any transaction (#1155).
import type { Sql, TransactionSql } from 'postgres'
import { SYSTEM_TIME, within, type Time } from '../time/time.ts'
import { isConnectionLoss } from './errors.ts'

/** The connection's end follows an error of its loss at once; an error that only looks like one must not keep the transaction open. */
const LOSS_CONFIRMED_MS = 1000
const POOL_ENDED = 'CONNECTION_DESTROYED'

type Work<Result> = (session: TransactionSql) => Promise<Result>

/**
 * Runs `work` in a transaction: committed when it resolves, rolled back when it rejects.
 *
 * When the connection is lost the returned promise rejects with postgres.js's error, whatever `work` is doing at that moment; what `work`
 * comes to afterwards is ignored, and every further use of its session throws.
 */
export async function inTransaction<Result>(
  pool: Sql,
  work: Work<Result>,
  time: Time = SYSTEM_TIME,
): Promise<Result> {
  let started = false as boolean
  const attempt = () =>
    tryTransaction(
      pool,
      (session) => {
        started = true
        return work(session)
      },
      time,
    )
  try {
    return await attempt()
  } catch (error) {
    // A pooled connection whose server went away fails its next statement, which is then BEGIN.
    if (!started && isConnectionLoss(error)) return attempt()
    throw error
  }
}

async function tryTransaction<Result>(pool: Sql, work: Work<Result>, time: Time): Promise<Result> {
  let loss: Error | undefined
  let lose: (error: Error) => void = () => undefined
  const lost = new Promise<never>((_, reject) => {
    lose = (error) => {
      loss = error
      reject(error)
    }
  })
  // Settling the work after a loss is what makes postgres.js write; the transaction rejects without it.
  const unlessLost = async () => {
    if (loss !== undefined) await new Promise<never>(() => undefined)
  }
  const transaction = pool.begin(async (session) => {
    try {
      const result = await work(guarded(session, () => loss))
      await unlessLost()
      return result
    } catch (error) {
      // Somebody ended the pool: postgres.js would wait until the server closes the connection, however busy that is.
      if ((error as { code?: unknown } | null)?.code === POOL_ENDED) lose(error as Error)
      else if (isConnectionLoss(error)) await within(time, LOSS_CONFIRMED_MS, lost).catch(() => undefined)
      await unlessLost()
      throw error
    }
  })
  transaction.catch((error: unknown) => lose(error as Error))
  return Promise.race([transaction as Promise<Result>, lost])
}

/** The session, until there is a loss. */
function guarded(session: TransactionSql, lossOf: () => Error | undefined): TransactionSql {
  const requireSession = () => {
    const loss = lossOf()
    if (loss !== undefined) throw loss
    return session
  }
  return new Proxy(session, {
    apply: (_, receiver, args) => Reflect.apply(requireSession(), receiver, args) as unknown,
    get: (_, name) => Reflect.get(requireSession(), name) as unknown,
  })
}
