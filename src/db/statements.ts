// Single statements, each within a time limit that covers the wait for a connection, too.
//
// postgres.js (3.4) is kept from three things here. It sends a statement that finds no free connection down a busy one, behind whatever
// blocks that. It loses a connection whose first statement is cancelled while it is being made. And it keeps a connection that fell silent
// (a failover, a broken route) for as long as TCP does, which is a quarter of an hour.
import type postgres from 'postgres'
import { DatabaseUnavailable, isConnectionLoss, isUnavailable } from './errors.ts'
import { Semaphore } from './semaphore.ts'

export interface StatementOptions {
  /** Opens a pool of `connections`, on which the server ends a statement after `limitMs`. */
  open: () => postgres.Sql
  connections: number
  limitMs: number
  /** What opening a connection may take, pauses between attempts included. */
  connectLimitMs: number
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
/** A connection that the server ended fails one statement, and in postgres.js its successor one more, with what the server had said. */
const ATTEMPTS = 3
const END_TIMEOUT_S = 2
/** More than a connection can serve within any limit that is set in earnest; who comes after these is refused at once. */
const WAITING_PER_CONNECTION = 100

export class StatementRunner {
  readonly #options: StatementOptions
  readonly #places: Semaphore
  #pool: postgres.Sql
  #closed = false

  constructor(options: StatementOptions) {
    this.#options = options
    this.#places = new Semaphore(options.connections, options.connections * WAITING_PER_CONNECTION)
    this.#pool = options.open()
  }

  /**
   * Runs a statement that may be repeated. One that is given up is not cancelled but left to the server's own limit: a request to cancel may
   * come late and hit the next statement of its connection.
   *
   * @throws DatabaseUnavailable when PostgreSQL is away, too busy or over the time limit; PostgreSQL's own error otherwise.
   */
  async run<Row>(text: string, parameters: readonly unknown[]): Promise<Row[]> {
    const deadline = performance.now() + this.#options.limitMs + GRACE_MS
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(text, parameters, deadline)
      } catch (error) {
        if (isConnectionLoss(error) && attempt < ATTEMPTS && performance.now() < deadline) continue
        throw isUnavailable(error) ? new DatabaseUnavailable(error) : error
      }
    }
  }

  get usage(): PoolUsage {
    const { taken, waiting } = this.#places
    return { connections: this.#options.connections, inUse: taken, waiting }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#pool.end({ timeout: END_TIMEOUT_S })
  }

  async #attempt<Row>(text: string, parameters: readonly unknown[], deadline: number): Promise<Row[]> {
    const { limitMs, connectLimitMs } = this.#options
    if (!(await this.#places.acquire(deadline - performance.now()))) {
      throw new DatabaseUnavailable(
        new Error(`no connection free within ${limitMs} ms, or too many wait for one`),
      )
    }
    const pool = this.#pool
    const query = pool.unsafe<Row[] & postgres.Row[]>(text, parameters as postgres.ParameterOrJSON<never>[], {
      prepare: true,
    })
    const silentAt = performance.now() + connectLimitMs + limitMs + GRACE_MS
    return new Promise((resolve, reject) => {
      // Most answer long before, so that the second timer is made only where the first has run out.
      let timer = setTimeout(() => {
        reject(new DatabaseUnavailable(new Error(`no answer within ${limitMs} ms`)))
        timer = setTimeout(() => this.#replace(pool), silentAt - performance.now()).unref()
      }, deadline - performance.now())
      // The place is free when the connection is, not when nobody waits any more.
      const settle = (): void => {
        clearTimeout(timer)
        this.#places.release()
      }
      query.then(resolve, reject)
      query.then(settle, settle)
    })
  }

  /** Ends a pool whose server does not even keep its own limit; statements that run on it are repeated on the new one. */
  #replace(silent: postgres.Sql): void {
    if (this.#closed || silent !== this.#pool) return
    this.#pool = this.#options.open()
    void silent.end({ timeout: 0 })
  }
}
