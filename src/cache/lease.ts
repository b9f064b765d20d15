// The right to answer from a cache without asking: for so long after a reading of the clear log began, no clear can be complete elsewhere that
// this instance has not applied. Without it, every entry counts as expired.
import type { ClearHistory } from './clear-history.ts'
import type { ClearLog, LogReading } from './clear-log.ts'
import { within, type Time } from '../time/time.ts'

/** A clear waits this long for an instance that does not acknowledge it. */
export const LEASE_MS = 1000
/** A lease this old is renewed by the next request, in the background: only the first one after a quiet spell waits. */
const RENEW_AFTER_MS = 250
/** A request waits this long for a renewal; the log answers in a few milliseconds or is away. */
const PATIENCE_MS = 250
/** After a failure nobody waits for the next one so long. */
const PAUSE_MS = 250

export interface LeaseParts {
  log: ClearLog
  history: ClearHistory
  /** Of this life of this instance: nobody else ever has it. */
  id: string
  /** For people. */
  name: string
  /** How far back clears can still matter to an entry. */
  keepSeconds: number
  time: Time
  /** Called with each renewal. */
  onUse?: () => void
  /** Called when the log stops answering, and when it answers again. */
  onLost?: ((error: unknown) => void) | undefined
  onBack?: (() => void) | undefined
}

/** held: what is in the cache may be answered. idle: nobody has asked for anything lately. lost: the log did not answer when it was last asked. */
export interface LeaseState {
  state: 'held' | 'idle' | 'lost'
  /** Milliseconds since the Unix epoch. */
  since: number
  /** Since when the log answers, or does not. */
  logSince: number
}

export class Lease {
  readonly #parts: LeaseParts
  #until = -Infinity
  #renewedAt = -Infinity
  #failedAt = -Infinity
  #renewalBegan = -Infinity
  /** By the clock on the wall: the first renewal in a row without a gap, and the first failure since the last one. */
  #heldSince = 0
  #failingSince: number | null = null
  #answeringSince: number
  #isListed = false
  #renewal: Promise<void> | null = null
  #closed = false

  constructor(parts: LeaseParts) {
    this.#parts = parts
    this.#answeringSince = parts.time.now()
  }

  get isValid(): boolean {
    return this.#parts.time.clock() < this.#until
  }

  get state(): LeaseState {
    const { time } = this.#parts
    if (this.#failingSince !== null)
      return { state: 'lost', since: this.#failingSince, logSince: this.#failingSince }
    const lapsedMs = time.clock() - this.#until
    const logSince = this.#answeringSince
    return lapsedMs < 0
      ? { state: 'held', since: this.#heldSince, logSince }
      : { state: 'idle', since: time.now() - (Number.isFinite(lapsedMs) ? lapsedMs : 0), logSince }
  }

  /** Whether it is valid, asked by each request: while there are any, it is renewed in time. */
  touch(): boolean {
    const now = this.#parts.time.clock()
    if (now - this.#renewedAt >= RENEW_AFTER_MS) this.#renewInBackground(now)
    return now < this.#until
  }

  /** Waits for the renewal that all who come now share, but not long. Whether there is a lease then. */
  async acquire(): Promise<boolean> {
    const now = this.#parts.time.clock()
    if (this.#renewal === null && now - this.#failedAt < PAUSE_MS) return this.isValid
    const renewal = this.renew().catch(() => undefined)
    const patienceMs = this.#renewalBegan + PATIENCE_MS - now
    // Of a log that hangs, only those who came first wait.
    if (patienceMs <= 0) return this.isValid
    await within(this.#parts.time, patienceMs, renewal)
    return this.isValid
  }

  /** Reads the log, joining its list where needed, and holds the lease from the moment of asking. @throws what the log throws. */
  renew(): Promise<void> {
    if (this.#renewal !== null) return this.#renewal
    this.#renewalBegan = this.#parts.time.clock()
    this.#parts.onUse?.()
    this.#renewal = this.#renewOnce().finally(() => (this.#renewal = null))
    return this.#renewal
  }

  /** Renews even where a renewal is under way: that one may have asked before what there is to hear. */
  async catchUp(): Promise<void> {
    await this.#renewal?.catch(() => undefined)
    await this.renew()
  }

  /** Leaves the list, so that no clear waits for an instance that is gone. */
  async close(): Promise<void> {
    this.#closed = true
    // It might put this instance back on the list.
    await this.#renewal?.catch(() => undefined)
    // Now, as it might also have brought a lease: no clear waits for one who has left.
    this.#until = -Infinity
    if (this.#isListed) await this.#parts.log.leave(this.#parts.id).catch(() => undefined)
  }

  #renewInBackground(now: number): void {
    if (this.#renewal !== null || now - this.#failedAt < PAUSE_MS) return
    this.renew().catch(() => undefined)
  }

  async #renewOnce(): Promise<void> {
    try {
      const news = await this.#read()
      // Acknowledged at once: somebody is waiting for it.
      if (news) await this.#read()
    } catch (error) {
      this.#failedAt = this.#parts.time.clock()
      if (this.#failingSince === null && !this.#closed) this.#parts.onLost?.(error)
      this.#failingSince ??= this.#parts.time.now()
      throw error
    }
  }

  /** Whether there were clears that this instance had not applied. */
  async #read(): Promise<boolean> {
    if (this.#closed) throw new Error('the cache is closed')
    const { log, history, id, name, keepSeconds, time } = this.#parts
    let asked = time.clock()
    const read = (joins: boolean): Promise<LogReading | null> =>
      log.read(history.position, keepSeconds, { id, name, joins })
    let reading = await read(!this.#isListed)
    if (reading === null) {
      // A clear did not wait for us: what was valid until now is so no more.
      this.#until = -Infinity
      asked = time.clock()
      reading = await read(true)
      if (reading === null) throw new Error('the clear log does not take this instance')
    }
    this.#isListed = true
    const before = history.position
    history.apply(reading)
    // By the answer: one that was asked for in time and came late leaves a gap as well.
    if (time.clock() >= this.#until || this.#failingSince !== null) this.#heldSince = time.now()
    if (this.#failingSince !== null) {
      this.#parts.onBack?.()
      this.#answeringSince = time.now()
    }
    this.#failingSince = null
    // From the asking, not from the answer: a clear that came in between may be complete before the answer is here.
    this.#until = Math.max(this.#until, asked + LEASE_MS)
    this.#renewedAt = asked
    return reading.clears.some((clear) => clear.seq > before)
  }
}
