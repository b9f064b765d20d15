// Logs failures that come by the hundred while something is away: the first with its stack, then a line a second that counts.
import type { FastifyBaseLogger } from 'fastify'
import type { Time } from './time/time.ts'

const INTERVAL_MS = 1000
/** After so long without one, a failure is the first of another outage. */
const OUTAGE_ENDS_AFTER_MS = 60_000

export class FailureLog {
  readonly #time: Time
  #lastAt = -Infinity
  #cancelInterval: (() => void) | null = null
  #count = 0
  #latest: { log: FastifyBaseLogger; message: string; reason: string } | undefined

  constructor(time: Time) {
    this.#time = time
  }

  /** @param log the failed request's own, so that each line has the id of a request that it is about. */
  report(log: FastifyBaseLogger, error: Error, message: string): void {
    const now = this.#time.clock()
    const isFirst = now - this.#lastAt >= OUTAGE_ENDS_AFTER_MS
    this.#lastAt = now
    const reason = reasonOf(error)
    if (this.#cancelInterval !== null) {
      this.#count++
      this.#latest = { log, message, reason }
      return
    }
    if (isFirst) log.error({ err: error }, message)
    else log.error({ reason, failures: 1 }, message)
    this.#countOn()
  }

  /** No line any more of what is being counted. */
  close(): void {
    this.#cancelInterval?.()
  }

  #countOn(): void {
    this.#cancelInterval = this.#time.after(INTERVAL_MS, () => this.#closeInterval())
  }

  #closeInterval(): void {
    this.#cancelInterval = null
    if (this.#latest === undefined) return
    const { log, message, reason } = this.#latest
    log.error({ reason, failures: this.#count }, message)
    this.#latest = undefined
    this.#count = 0
    this.#countOn()
  }
}

/** A problem says what the client is told, its cause what happened. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error && error.name === 'Problem' ? error.cause.message : error.message
}
