// Every call to Redis passes here: a time limit, a breaker after which nothing waits, and a probe that closes it again.
import { SYSTEM_TIME, type Time } from '../time/time.ts'
import { Durations, REMOTE_BOUNDS_MS } from './durations.ts'

/** Redis did not answer, in time or at all. Not null, which is an answer. */
export const UNAVAILABLE = Symbol('unavailable')
export type Unavailable = typeof UNAVAILABLE

export interface GuardedConnection {
  /** Whether a command sent now would go out at once. */
  isReady(): boolean
  /** A cheap round trip. */
  probe(): Promise<unknown>
  /** Gives the connection up, with every command still queued on it, and makes a new one. */
  recycle(): void
}

export interface GuardEvents {
  /** The breaker opened; the reason is that of the last failure. */
  away(reason: string): void
  back(): void
  /** Redis answered, with an error: out of memory, read-only, loading. */
  refused(reason: string): void
}

/** So many calls in a row without an answer open the breaker. */
const FAILURES_TO_OPEN = 3
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2000
/** A breaker that opens again this soon after it closed stays open longer: something answers, but not for long. */
const RELAPSE_MS = 10_000

export class Guard {
  readonly #connection: GuardedConnection
  readonly #limitMs: number
  readonly #events: GuardEvents
  readonly #time: Time
  #failures = 0
  #pauseMs = FIRST_PAUSE_MS
  #retryAt = 0
  #closedAt = -Infinity
  #open = false
  #since: number
  #probing = false

  /** Of calls that were answered; and how many were not, or found the breaker open. */
  readonly answered = new Durations(REMOTE_BOUNDS_MS)
  unanswered = 0

  constructor(connection: GuardedConnection, limitMs: number, events: GuardEvents, time: Time = SYSTEM_TIME) {
    this.#connection = connection
    this.#limitMs = limitMs
    this.#events = events
    this.#time = time
    this.#since = time.now()
  }

  /** Of one request, for all that it asks. */
  get limitMs(): number {
    return this.#limitMs
  }

  /** Whether calls are let through now. */
  get available(): boolean {
    return !this.#open && this.#connection.isReady()
  }

  /** Whether the breaker lets nothing through, and since when, in milliseconds since the Unix epoch. */
  get breaker(): { open: boolean; since: number } {
    return { open: this.#open, since: this.#since }
  }

  /**
   * Runs a command and resolves with its answer, or with UNAVAILABLE at once when the breaker is open, within the time limit otherwise.
   * Never rejects.
   *
   * @param spentMs of the limit, by what the same request has asked before.
   */
  async run<T>(command: () => Promise<T>, spentMs = 0): Promise<T | Unavailable> {
    if (this.#open) this.#probeWhenDue()
    if (!this.available) {
      this.unanswered++
      return UNAVAILABLE
    }
    const began = this.#time.clock()
    try {
      const answer = await this.#within(command(), this.#limitMs - spentMs)
      this.#failures = 0
      this.answered.record(this.#time.clock() - began)
      return answer
    } catch (error) {
      if (isReply(error)) {
        this.#failures = 0
        this.answered.record(this.#time.clock() - began)
        this.#events.refused(error.message)
      } else {
        this.unanswered++
        this.#fail(error)
      }
      return UNAVAILABLE
    }
  }

  /** The connection came up anew. Its handshake was a round trip, which is all that a probe would show once one is due. */
  connected(): void {
    this.#failures = 0
    if (this.#open && this.#time.clock() >= this.#retryAt) this.#close()
  }

  #fail(error: unknown): void {
    if (++this.#failures < FAILURES_TO_OPEN || this.#open) return
    this.#open = true
    this.#since = this.#time.now()
    const now = this.#time.clock()
    this.#pauseMs = now - this.#closedAt < RELAPSE_MS ? longer(this.#pauseMs) : FIRST_PAUSE_MS
    this.#retryAt = now + this.#pauseMs
    this.#events.away(error instanceof Error ? error.message : String(error))
    // What was timed out here is still queued there, and would run late, in a burst.
    this.#connection.recycle()
  }

  #close(): void {
    this.#failures = 0
    this.#open = false
    this.#since = this.#time.now()
    this.#closedAt = this.#time.clock()
    this.#events.back()
  }

  /** In the background of the request that noticed: no request waits for a probe. */
  #probeWhenDue(): void {
    if (this.#probing || this.#time.clock() < this.#retryAt || !this.#connection.isReady()) return
    this.#probing = true
    this.#within(this.#connection.probe(), this.#limitMs)
      .catch((error: unknown) => {
        if (!isReply(error)) throw error
      })
      .then(() => this.#close())
      .catch(() => {
        this.#pauseMs = longer(this.#pauseMs)
        this.#retryAt = this.#time.clock() + this.#pauseMs
        this.#connection.recycle()
      })
      .finally(() => (this.#probing = false))
  }

  #within<T>(answer: Promise<T>, limitMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      // Where it is this process that was busy, the answer may be here and unread: what has arrived is read before this is called.
      const late = (): void => reject(new Error(`no answer within ${limitMs} ms`))
      const settle = this.#time.after(limitMs, () => setImmediate(late))
      answer.then(resolve, reject)
      answer.then(settle, settle)
    })
  }
}

function longer(pauseMs: number): number {
  return Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
}

/** ioredis names what the server itself answered, which shows that it is there; anything else is the connection's trouble. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}
