// A flight: what Redis has of a key, else the fleet's turn to load it, the load, and where its body is kept.
import type { ClearHistory, Judged, Moment } from './clear-history.ts'
import type { Clearing } from './clearing.ts'
import { Compression, isLarge } from './compression.ts'
import type { Counters } from './counters.ts'
import { Doorkeeper } from './doorkeeper.ts'
import { decodeEntry, encodeEntry, type Entry } from './entry.ts'
import { takeTurn, unlocked, type Claim, type Turn } from './fleet-load.ts'
import type { Answer, Flight } from './flights.ts'
import { UNAVAILABLE } from './guard.ts'
import type { Lease } from './lease.ts'
import { newEntry, type Loaded, type Policy } from './loaded.ts'
import type { HeldEntry, MemoryTier } from './memory.ts'
import type { RemoteTier } from './remote.ts'
import type { Time } from '../time/time.ts'

export type Load = () => Promise<Loaded>

export interface LoadingParts {
  history: ClearHistory
  lease: Lease
  memory: MemoryTier
  redis: RemoteTier | null
  clearing: Clearing
  counters: Counters
  time: Time
  entryMaxBytes: number
  staleSeconds: number
  absentSeconds: number
  isAnswer?: (error: unknown) => boolean
}

/** Nothing is stored, and nobody else waits for what is loaded. */
const TO_LOAD: Turn = { entry: null, claim: null }
/** Clocks of machines that are kept on time differ by less; `doctor` warns from here on. */
export const MOST_AHEAD_MS = 1000
/** No version of the clear history. */
const UNJUDGED = -1

interface Request {
  key: string
  policy: Policy
  load: Load
  flight: Flight
  /** What is in memory already and to be loaded anew; null where it is an ordinary load. */
  refreshed: HeldEntry | null
}

export class Loading {
  readonly #parts: LoadingParts
  readonly #compression = new Compression()
  readonly #doorkeeper = new Doorkeeper()

  constructor(parts: LoadingParts) {
    this.#parts = parts
  }

  start(key: string, policy: Policy, load: Load, held: HeldEntry | null, { isRefresh = false } = {}): Flight {
    const { history, time } = this.#parts
    const flight = {
      startedAt: time.clock(),
      began: beginning(history.moment, policy),
      stale: held === null || held.absent ? null : { entry: held, tier: 'memory' },
    } as Flight
    flight.result = this.#fly({ key, policy, load, flight, refreshed: isRefresh ? held : null })
    return flight
  }

  /** The entry in Redis, if it may be used: fresh or expired. */
  async stored(key: string): Promise<Entry | null> {
    const envelope = await this.#parts.redis?.get(key)
    return envelope instanceof Buffer ? this.#usable(key, decodeEntry(envelope)) : null
  }

  /** Keeps an entry in both tiers, whoever else may be loading it. */
  async put(key: string, entry: Entry): Promise<void> {
    if (!this.#keepInMemory(key, entry) || entry.absent) return
    const { redis, time } = this.#parts
    await redis?.set(key, encodeEntry(entry), entry.staleUntil - time.now())
  }

  mayCompress(entry: Entry): boolean {
    return this.#compression.mayCompress(entry)
  }

  /** Has an entry compressed in both tiers; in Redis only if it is still the one there. What is to be sent then; as it is where that gains nothing. */
  async compress(key: string, entry: Entry): Promise<Entry> {
    const { redis, memory } = this.#parts
    // Others who wait for it leave keeping it to the first.
    const isFirst = this.#compression.mayCompress(entry)
    const gzip = await this.#compression.compress(entry)
    if (gzip === null) return entry
    if (isFirst && redis !== null)
      void redis.replace(key, encodeEntry({ ...entry, gzip: null }), encodeEntry({ ...entry, gzip }))
    const held = isFirst ? memory.compress(key, entry, gzip) : null
    if (held !== null) return held
    // The same object keeps its hidden class.
    entry.gzip ??= gzip
    return entry
  }

  /** The same to wait for, where an entry is large and not compressed yet; null where it had better go out as it is. */
  packed(key: string, entry: Entry): Promise<Entry> | null {
    if (!isLarge(entry)) return null
    const isWorthIt = this.#compression.mayCompress(entry) || this.#compression.isUnderWay(entry)
    return isWorthIt ? this.compress(key, entry) : null
  }

  async #fly(request: Request): Promise<Answer> {
    const { key, policy, load, flight } = request
    const { history, clearing } = this.#parts
    const asked = this.#turn(request)
    // Each promise costs a miss about a microsecond.
    const turn = asked instanceof Promise ? await asked : asked
    if (turn.entry !== null) {
      // Judged when it was found; a clear may have come since.
      this.#keepInMemory(key, turn.entry)
      return { entry: turn.entry, outcome: 'HIT', tier: 'redis' }
    }
    const { claim } = turn
    // What is owed to the log selects keys here until it is written there; only a load that begins after that can be kept.
    if (history.owes(key, policy.tags)) await clearing.settleOwed()
    // From here on only a load that begins now can answer: who comes after a clear that this load has seen may join.
    flight.began = beginning(history.moment, policy)
    const { began } = flight
    let loaded
    try {
      loaded = await this.#timed(key, load)
    } catch (error) {
      this.#failed(request, claim, error)
      throw error
    }
    const entry = this.#entryOf(loaded, policy, began)
    if (policy.packs === true && isLarge(entry) && this.#compression.mayCompress(entry))
      entry.gzip = await this.#compression.compress(entry)
    if (loaded.body.length > this.#parts.entryMaxBytes) {
      void claim?.release()
      return { entry, outcome: 'BYPASS', tier: 'load' }
    }
    if (entry.absent) this.#forgetStale(request)
    void this.#keep(key, entry, claim)
    return { entry, outcome: 'MISS', tier: 'load' }
  }

  /** An answer that somebody has stored, or the fleet's leave to load. */
  #turn(request: Request): Turn | Promise<Turn> {
    const { redis } = this.#parts
    // What nobody asked for before is hardly there, and a command costs.
    const isLeftAlone =
      redis === null || (request.policy.isRare === true && !this.#doorkeeper.admits(request.key))
    return isLeftAlone ? TO_LOAD : this.#turnInFleet(request, redis)
  }

  async #turnInFleet({ key, policy, flight, refreshed }: Request, redis: RemoteTier): Promise<Turn> {
    const { history, lease, time } = this.#parts
    let whereRefused = TO_LOAD
    const asked = time.clock()
    const isFound = (entry: Entry): boolean => this.#isFound(key, entry, flight, refreshed)
    // A lock is for storing what others would wait for; neither holds for these.
    if (lease.isValid && !history.owes(key, policy.tags)) {
      const { epoch, position } = history.moment
      const load = { epoch, position, needed: history.needed(key, policy.tags) }
      const turn = await takeTurn({ remote: redis, time }, key, load, {
        isUsable: isFound,
        onLook: () => lease.touch(),
      })
      if (turn === UNAVAILABLE) return TO_LOAD
      if (turn !== 'refused') return turn
      // Who may not lock may still read and write.
      whereRefused = { entry: null, claim: unlocked(redis, time, key) }
    }
    const envelope = await redis.get(key, time.clock() - asked)
    const entry = envelope instanceof Buffer ? decodeEntry(envelope) : null
    return entry !== null && isFound(entry) ? { entry } : whereRefused
  }

  /** Whether an entry from Redis is the answer; one that is expired may stand in for it. */
  #isFound(key: string, entry: Entry, flight: Flight, refreshed: HeldEntry | null): boolean {
    const { lease, history, time } = this.#parts
    if (this.#usable(key, entry) === null) return false
    const isValid = lease.isValid && history.judge(key, entry) === 'valid'
    if (isValid && time.now() < entry.freshUntil)
      return refreshed === null || entry.storedAt > refreshed.storedAt
    if (flight.stale === null || flight.stale.entry.storedAt < entry.storedAt)
      flight.stale = { entry, tier: 'redis' }
    return false
  }

  #usable(key: string, entry: Entry | null): Entry | null {
    if (entry === null) return null
    const now = this.#parts.time.now()
    // A clock that is ahead stamped it, and its lifetime would end later than it may.
    if (now >= entry.staleUntil || entry.storedAt > now + MOST_AHEAD_MS) return null
    return this.#parts.history.judge(key, entry) === 'dead' ? null : entry
  }

  #failed(request: Request, claim: Claim | null, error: unknown): void {
    void claim?.release()
    if (this.#parts.isAnswer?.(error) === true) this.#forgetStale(request)
    else this.#parts.counters.of(request.key).loadFailures++
  }

  /** Counted with its duration, whatever comes of it. */
  async #timed(key: string, load: Load): Promise<Loaded> {
    const { counters, time } = this.#parts
    const { loadTimes, answeredTimes } = counters.of(key)
    const began = time.clock()
    counters.of(key).loads++
    try {
      const loaded = await load()
      answeredTimes.record(time.clock() - began)
      return loaded
    } finally {
      loadTimes.record(time.clock() - began)
    }
  }

  /** What the expired entry says is over, and must not come back when a later load fails. */
  #forgetStale({ key, flight }: Request): void {
    if (flight.stale === null) return
    flight.stale = null
    this.#parts.memory.delete(key)
    void this.#parts.redis?.delete(key)
  }

  #entryOf(loaded: Loaded, policy: Policy, began: Moment): Entry {
    const { staleSeconds, absentSeconds, time } = this.#parts
    return newEntry(loaded, policy, began, { now: time.now(), staleSeconds, absentSeconds })
  }

  /** Keeps what a load brought: in memory, and in Redis where the fleet waits for it. */
  async #keep(key: string, entry: Entry, claim: Claim | null): Promise<void> {
    const isKept = this.#keepInMemory(key, entry) && !entry.absent
    await (isKept ? claim?.store(entry) : claim?.release())
  }

  #keepInMemory(key: string, entry: Entry): boolean {
    const { history, memory } = this.#parts
    const verdict = history.judge(key, entry)
    if (verdict === 'dead') return false
    // A load that a soft clear overtook must not replace what was loaded since.
    const held = memory.get(key)
    if (held?.epoch === entry.epoch && held.position > entry.position) return false
    memory.set(key, entry, verdict === 'valid' ? history.version : UNJUDGED)
    return true
  }
}

/** Field by field, as V8 likes it: see `heldEntry` in memory.ts. */
function beginning({ epoch, position, owedSeen }: Required<Moment>, { tags = [] }: Policy): Judged {
  return { epoch, position, owedSeen, tags }
}
