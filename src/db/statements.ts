// Single statements, each within a time limit that covers the wait for a connection, too.
//
// postgres.js (3.4) is kept from five things here:
// - It sends a statement that finds no free connection down a busy one, behind whatever blocks that.
// - It loses a connection whose first statement is cancelled while it is being made.
// - It keeps a connection that fell silent (a failover, a broken route) for as long as TCP does, which is a quarter of an hour.
// - Its list of free connections grows by one with each statement as long as it is never empty, and is searched from its beginning each time: so each
//   connection here is a pool of its own.
// - A connection that is lost under a statement takes what the server says to its successor for the answer to that, and tries again for ever: so it
//   gets a new pool.
import type { SQL } from 'drizzle-orm'
import type postgres from 'postgres'
import type { Time } from '../time/time.ts'
import { compileStatement } from './compile.ts'
import { DatabaseUnavailable, isConnectionLoss, isRefused, isUnavailable } from './errors.ts'
import { ResourcePool } from './resource-pool.ts'

export interface StatementOptions {
  /** Opens a pool of one connection, on which the server ends a statement after `limitMs`. */
  open: () => postgres.Sql
  /** At most. */
  connections: number
  limitMs: number
  /** What opening a connection may take, pauses between attempts included. */
  connectLimitMs: number
  time: Time
}

/** Of the connections for statements. */
export interface PoolUsage {
  connections: number
  inUse: number
  /** Statements in line for one. */
  waiting: number
}

/** The server ends a statement at the limit and says so; whoever has heard nothing by then stops waiting. */
const GRACE_MS = 100
/** Where the server ended one connection, it may have ended the next one, too. */
const ATTEMPTS = 3
const END_TIMEOUT_S = 2
/** So long after a connection was refused, who asks is told so at once: nobody stands in line for another refusal. */
const REFUSED_MS = 100
/** More than a connection can serve within any limit that is set in earnest; who comes after these is refused at once. */
const WAITING_PER_CONNECTION = 100

/** Stays when what it holds is replaced. */
interface Connection {
  sql: postgres.Sql
}

export class StatementRunner {
  readonly #options: StatementOptions
  readonly #connections: readonly Connection[]
  readonly #free: ResourcePool<Connection>
  #closed = false
  #refusal: { error: Error; at: number } | null = null

  constructor(options: StatementOptions) {
    this.#options = options
    const { connections, open, time } = options
    this.#connections = Array.from({ length: connections }, () => ({ sql: open() }))
    this.#free = new ResourcePool(this.#connections, connections * WAITING_PER_CONNECTION, time)
  }

  /**
   * Runs a statement that may be repeated, with these values for its placeholders. One that is given up is not cancelled but left to the
   * server's own limit: a request to cancel may come late and hit the next statement of its connection.
   *
   * @throws DatabaseUnavailable when PostgreSQL is away, too busy or over the time limit; PostgreSQL's own error otherwise.
   */
  async run<Row>(statement: SQL, values?: Readonly<Record<string, unknown>>): Promise<Row[]> {
    const { text, parameters } = compileStatement(statement, values)
    const { limitMs, time } = this.#options
    const deadline = time.clock() + limitMs + GRACE_MS
    for (let attempt = 1; ; attempt += 1) {
      const connection = this.#free.take() ?? (await this.#free.next(deadline - time.clock()))
      if (connection === undefined) {
        throw new DatabaseUnavailable(
          new Error(`no connection free within ${limitMs} ms, or too many wait for one`),
        )
      }
      if (this.#refusal !== null && time.clock() - this.#refusal.at < REFUSED_MS) {
        this.#free.release(connection)
        throw new DatabaseUnavailable(this.#refusal.error)
      }
      try {
        return await this.#ask<Row>(connection, text, parameters, deadline)
      } catch (error) {
        if (isConnectionLoss(error) && attempt < ATTEMPTS && time.clock() < deadline) continue
        throw isUnavailable(error) ? new DatabaseUnavailable(error) : error
      }
    }
  }

  get usage(): PoolUsage {
    const { taken, waiting } = this.#free
    return { connections: this.#options.connections, inUse: taken, waiting }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#connections.map(({ sql }) => sql.end({ timeout: END_TIMEOUT_S })))
  }

  #ask<Row>(
    connection: Connection,
    text: string,
    parameters: readonly unknown[],
    deadline: number,
  ): Promise<Row[]> {
    const { limitMs, connectLimitMs, time } = this.#options
    const { sql } = connection
    const query = sql.unsafe<Row[] & postgres.Row[]>(text, parameters as postgres.ParameterOrJSON<never>[], {
      prepare: true,
    })
    const now = time.clock()
    const silentAt = now + connectLimitMs + limitMs + GRACE_MS
    return new Promise((resolve, reject) => {
      // Most answer long before, so that the second timer is made only where the first has run out.
      let cancel = time.after(deadline - now, () => {
        reject(new DatabaseUnavailable(new Error(`no answer within ${limitMs} ms`)))
        cancel = time.after(silentAt - time.clock(), () => this.#replace(connection, sql))
      })
      // It is free when the statement has ended, not when nobody waits for that any more.
      const settle = (): void => {
        cancel()
        this.#free.release(connection)
      }
      const succeed = (rows: Row[]): void => {
        settle()
        const taken = takeOut(rows)
        // Who was in line for the connection asks first, in the microtasks that follow: postgres.js sends that in the same phase, and an answer takes
        // longer to make than to ask for.
        process.nextTick(setImmediate, resolve, taken)
      }
      const fail = (error: Error): void => {
        if (isConnectionLoss(error)) this.#reopen(connection, sql)
        if (isRefused(error)) this.#refusal = { error, at: time.clock() }
        settle()
        reject(error)
      }
      query.then(succeed, fail)
    })
  }

  /** Ends all connections to a server that does not even keep its own limit on one; statements that run on them are repeated on new ones. */
  #replace(connection: Connection, silent: postgres.Sql): void {
    // What came later is not what fell silent.
    if (connection.sql === silent) for (const each of this.#connections) this.#reopen(each, each.sql)
  }

  #reopen(connection: Connection, lost: postgres.Sql): void {
    if (this.#closed || connection.sql !== lost) return
    connection.sql = this.#options.open()
    void lost.end({ timeout: 0 })
  }
}

/**
 * The rows in an array of ours. postgres.js' own leads from one query to the next: once some of that is old, rows outlive one minor collection of
 * garbage after the other, until a full one. Not by `splice`, which V8 does step by step where an array is of a derived class.
 */
function takeOut<Row>(result: Row[]): Row[] {
  const rows: Row[] = []
  for (const row of result) rows.push(row)
  result.length = 0
  return rows
}
