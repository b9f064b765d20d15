// The ingestions of this instance: few at a time, each on a connection of its own, none for ever.
import type { Database } from '../../db/client.ts'
import { Problem } from '../../problems.ts'
import type { Time } from '../../time/time.ts'

type Connection = ReturnType<Database['connect']>

/** Loads of a database write one after the other anyway; a second one may arrive meanwhile. */
const AT_A_TIME = 2
const RETRY_AFTER_S = 10

export class Running {
  readonly #connect: () => Connection
  readonly #limitMs: number
  readonly #time: Time
  readonly #running = new Map<Connection, Promise<unknown>>()

  constructor(connect: () => Connection, limitMs: number, time: Time) {
    this.#connect = connect
    this.#limitMs = limitMs
    this.#time = time
  }

  /**
   * Ending the connection is what ends the work at its limit, however busy or silent PostgreSQL is; it rolls back by itself then.
   *
   * @throws Problem ingestion_busy where there are as many already.
   */
  async run<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    if (this.#running.size >= AT_A_TIME) {
      const detail = `${AT_A_TIME} ingestions run on this instance already; try again in ${RETRY_AFTER_S} s`
      throw new Problem('ingestion_busy', detail, [], RETRY_AFTER_S)
    }
    const connection = this.#connect()
    const cancelLimit = this.#time.after(this.#limitMs, () => void connection.end({ timeout: 0 }))
    const working = work(connection)
    this.#running.set(connection, working)
    try {
      return await working
    } finally {
      cancelLimit()
      this.#running.delete(connection)
      void connection.end({ timeout: 0 })
    }
  }

  /** Ends all of them, and resolves when they have ended. */
  async end(): Promise<void> {
    const all = [...this.#running]
    for (const [connection] of all) void connection.end({ timeout: 0 })
    await Promise.allSettled(all.map(([, working]) => working))
  }
}
