// Look-ups: the answer of a key from memory, else Redis, else a load, each judged by the clears since its load began.
import { Boarding, type LookUp } from './boarding.ts'
import type { ClearHistory } from './clear-history.ts'
import type { Counters } from './counters.ts'
import type { Entry } from './entry.ts'
import type { Answer } from './flights.ts'
import type { HotKeys } from './hot-keys.ts'
import { Landing } from './landing.ts'
import type { Lease } from './lease.ts'
import type { Policy } from './loaded.ts'
import type { Load, Loading } from './loading.ts'
import type { HeldEntry, MemoryTier } from './memory.ts'
import type { Time } from '../time/time.ts'

/** Loads ahead of need at a time; requests come first. */
const MOST_REFRESHES = 4
/** After a load ahead of need that failed. */
const REFRESH_PAUSE_MS = 1000

export interface LookUpParts {
  memory: MemoryTier
  history: ClearHistory
  lease: Lease
  loading: Loading
  hotKeys: HotKeys
  counters: Counters
  time: Time
  isAnswer?: ((error: unknown) => boolean) | undefined
}

export class LookUps {
  readonly #time: Time
  readonly #memory: MemoryTier
  readonly #history: ClearHistory
  readonly #lease: Lease
  readonly #loading: Loading
  readonly #hotKeys: HotKeys
  readonly #counters: Counters
  readonly #boarding: Boarding
  readonly #landing: Landing
  #refreshes = 0

  constructor(parts: LookUpParts) {
    this.#time = parts.time
    this.#memory = parts.memory
    this.#history = parts.history
    this.#lease = parts.lease
    this.#loading = parts.loading
    this.#hotKeys = parts.hotKeys
    this.#counters = parts.counters
    this.#boarding = new Boarding(parts.history, parts.loading)
    this.#landing = new Landing(parts)
  }

  /** See `Cache`, as for the next four. */
  getOrLoad(key: string, policy: Policy, load: Load): Answer | Promise<Answer> {
    return this.#lease.touch()
      ? this.#answer(key, policy, load)
      : this.#lease.acquire().then(() => this.#answer(key, policy, load))
  }

  hit(key: string, now = this.#time.now()): Entry | null {
    if (!this.#lease.touch()) return null
    const held = this.held(key, now)
    if (held === null || held.absent || held.judgedAt !== this.#history.version) return null
    // Between the two, whoever can load it anew has to be asked.
    if (now >= held.refreshAt || now >= held.freshUntil) return null
    held.counters.memoryHits++
    held.use.count++
    return held
  }

  async remoteHit(key: string): Promise<Entry | null> {
    if (!this.#lease.touch()) return null
    const entry = await this.#loading.stored(key)
    // Asked again after Redis has answered, as if it were only then.
    if (entry === null || !this.#lease.isValid || this.#history.judge(key, entry) !== 'valid') return null
    if (this.#time.now() >= entry.freshUntil) return null
    this.#counters.of(key).redisHits++
    return entry
  }

  async warm(key: string, policy: Policy, load: Load): Promise<boolean> {
    if (!this.#lease.touch() && !(await this.#lease.acquire())) return false
    if (this.isFresh(key)) return true
    // What an owed clear selects could not be kept.
    if (this.#history.owes(key, policy.tags)) return false
    this.#hotKeys.track(key, policy)
    await this.#boarding.board({ key, policy, load, held: this.held(key, this.#time.now()) }).result
    return true
  }

  isFresh(key: string): boolean {
    const held = this.#memory.peek(key)
    return (
      held !== undefined && this.#time.now() < held.freshUntil && this.#history.judge(key, held) === 'valid'
    )
  }

  #answer(key: string, policy: Policy, load: Load): Answer | Promise<Answer> {
    const now = this.#time.now()
    const held = this.held(key, now)
    if (!this.#lease.isValid) return this.#answerWithoutLease(key, policy, load, held)
    if (held?.judgedAt === this.#history.version && now < held.freshUntil) {
      held.counters.memoryHits++
      held.use.count++
      if (now >= held.refreshAt) this.#refresh({ key, policy, load, held })
      return { entry: held, outcome: 'HIT', tier: 'memory' }
    }
    this.#hotKeys.track(key, policy).count++
    return this.#landing.land(key, this.#boarding.board({ key, policy, load, held }))
  }

  /**
   * What was cleared elsewhere is not known here: every entry counts as expired. Requests still share loads, or each of them would add to what
   * PostgreSQL cannot do already; one that joins a load gets a body from before it asked, and is told so.
   */
  #answerWithoutLease(key: string, policy: Policy, load: Load, held: HeldEntry | null): Promise<Answer> {
    const { flight, isOld } = this.#boarding.boardAny({ key, policy, load, held })
    return this.#landing.land(key, flight, { isOld })
  }

  /** What is asked for shortly before its end is loaded anew before anybody has to wait for it. */
  #refresh(lookUp: LookUp & { held: HeldEntry }): void {
    if (this.#refreshes >= MOST_REFRESHES) return
    this.#refreshes++
    const { held } = lookUp
    held.refreshAt = Infinity
    this.#boarding
      .board(lookUp, { isRefresh: true })
      .result.catch(() => (held.refreshAt = this.#time.now() + REFRESH_PAUSE_MS))
      .finally(() => this.#refreshes--)
  }

  /** What memory has of a key, unless it is dead or too old; valid where `judgedAt` is the version of now, else expired. */
  held(key: string, now: number): HeldEntry | null {
    const held = this.#memory.get(key)
    if (held === undefined) return null
    if (held.judgedAt !== this.#history.version) {
      const verdict = this.#history.judge(key, held)
      if (verdict === 'dead') {
        this.#memory.delete(key)
        return null
      }
      if (verdict === 'valid') {
        held.judgedAt = this.#history.version
        held.validThrough = this.#history.position
      }
    }
    return now < held.staleUntil ? held : null
  }
}
