// The cache engine: memory, then Redis, then a load, each answer judged by the clears since its load began.
import { randomUUID } from 'node:crypto'
import { ClearHistory } from './clear-history.ts'
import type { ClearLog, Selector } from './clear-log.ts'
import { Clearing, type ClearOptions, type ClearResult, type OwedClear } from './clearing.ts'
import { countSelected, type Counted } from './counting.ts'
import { Counters, type CacheCounters } from './counters.ts'
import type { Entry } from './entry.ts'
import type { Answer } from './flights.ts'
import { HotKeys, type HotKey } from './hot-keys.ts'
import { inspect, type Inspection } from './inspection.ts'
import { Lease, type LeaseState } from './lease.ts'
import { newEntry, type Loaded, type Policy } from './loaded.ts'
import { Loading, type Load } from './loading.ts'
import { LookUps } from './look-ups.ts'
import { MemoryTier } from './memory.ts'
import type { RemoteTier } from './remote.ts'
import { StatsReader, type CacheStats } from './stats.ts'
import { SYSTEM_TIME, type Time } from '../time/time.ts'

export interface CacheOptions {
  log: ClearLog
  /** null where no Redis is configured. */
  redis: RemoteTier | null
  memoryMaxBytes: number
  /** Bodies over this are served and not stored. */
  entryMaxBytes: number
  /** How long past its lifetime an entry may stand in for a load that fails. */
  staleSeconds: number
  /** How long "there is no such thing" is kept. */
  absentSeconds: number
  /** The longest lifetime any policy asks for: how far back clears matter. */
  longestTtlSeconds: number
  onWarning: (message: string, error: unknown) => void
  /** Whether what a load threw is its answer, such as "there is no such page": no expired entry stands in for that. None is unless given. */
  isAnswer?: (error: unknown) => boolean
  /** The clear log stopped answering, and answers again: once each. */
  onLogLost?: (error: unknown) => void
  onLogBack?: () => void
  /** For people who look at the list of instances. */
  name?: string
  /** First parts of keys that are counted one by one. */
  categories?: readonly string[]
  /** Injected by tests. */
  time?: Partial<Time>
}

export class Cache {
  /** By category. */
  readonly count: Counters
  readonly state: StatsReader
  readonly #useListeners: (() => void)[] = []
  readonly #changeListeners: (() => void)[] = []
  readonly #options: CacheOptions
  readonly #time: Time
  readonly #hotKeys: HotKeys
  readonly #memory: MemoryTier
  readonly #history = new ClearHistory()
  readonly #clearing: Clearing
  readonly #lease: Lease
  readonly #loading: Loading
  readonly #lookUps: LookUps

  private constructor(options: CacheOptions) {
    this.#options = options
    const time = (this.#time = { ...SYSTEM_TIME, ...options.time })
    const counters = (this.count = new Counters(options.categories))
    const hotKeys = (this.#hotKeys = new HotKeys(time.clock))
    const memory = (this.#memory = new MemoryTier(options.memoryMaxBytes, counters, hotKeys))
    const id = randomUUID()
    const { log, redis, name = id } = options
    const keepSeconds = options.longestTtlSeconds + options.staleSeconds
    const history = this.#history
    history.onChange = () => this.#changeListeners.forEach((listener) => listener())
    const onUse = () => this.#useListeners.forEach((listener) => listener())
    const lease = (this.#lease = new Lease({
      log,
      history,
      id,
      name,
      keepSeconds,
      time,
      onUse,
      onLost: options.onLogLost,
      onBack: options.onLogBack,
    }))
    const onDoubt = () => void lease.renew().catch(() => undefined)
    const parts = { log, history, memory, redis, keepSeconds, id, name, counters, time, onDoubt }
    const clearing = (this.#clearing = new Clearing(parts))
    const loading = new Loading({ ...options, time, memory, history, lease, clearing, counters })
    this.#loading = loading
    const { isAnswer } = options
    this.#lookUps = new LookUps({ memory, history, lease, loading, hotKeys, counters, time, isAnswer })
    this.state = new StatsReader(counters, memory, redis, time)
  }

  /** Opens the cache at the position the clear log stands at, on the list of those that clears wait for. @throws when the log cannot be read. */
  static async open(options: CacheOptions): Promise<Cache> {
    const cache = new Cache(options)
    await cache.#lease.renew()
    return cache
  }

  /**
   * The answer of `key`, from memory (at once, not as a promise), Redis, a load already running, or `load`.
   *
   * @throws what `load` throws, when no expired entry can stand in for it.
   */
  getOrLoad(key: string, policy: Policy, load: Load): Answer | Promise<Answer> {
    return this.#lookUps.getOrLoad(key, policy, load)
  }

  /**
   * The entry of a key if there is nothing to do but answer it from memory; counted as a hit then, and not at all otherwise.
   *
   * @param now by the time that the cache was given, of whoever has asked for it already.
   */
  hit(key: string, now?: number): Entry | null {
    return this.#lookUps.hit(key, now)
  }

  /** The same from Redis. */
  remoteHit(key: string): Promise<Entry | null> {
    return this.#lookUps.remoteHit(key)
  }

  /**
   * Has a key fresh in memory before anybody asks: from Redis, or by a load. No look-up is counted. False where nothing can be kept now, as without a
   * lease.
   *
   * @throws what `load` throws.
   */
  warm(key: string, policy: Policy, load: Load): Promise<boolean> {
    return this.#lookUps.warm(key, policy, load)
  }

  /** Whether memory has what the next request of a key would be answered with. Counts nothing. */
  isFresh(key: string): boolean {
    return this.#lookUps.isFresh(key)
  }

  /** The keys that were asked for most in the last minutes, the hottest first. Those of rare answers are not counted, nor any without memory. */
  hottest(limit: number): HotKey[] {
    return this.#hotKeys.hottest(limit)
  }

  /** Calls back a few times a second at most while requests come, and never otherwise. */
  onUse(listener: () => void): void {
    this.#useListeners.push(listener)
  }

  /** Calls back whenever entries here may have expired by what was cleared, here or elsewhere. */
  onChange(listener: () => void): void {
    this.#changeListeners.push(listener)
  }

  /** Of all categories together. */
  get counters(): CacheCounters {
    return this.count.total()
  }

  get lease(): LeaseState {
    return this.#lease.state
  }

  /** Clears that hold here alone until the log takes them, the newest first. */
  get owedClears(): OwedClear[] {
    return this.#clearing.owed
  }

  /** Whether the clear log answers, found out as a request would: at most once in a quarter of a second, and waited for as long. */
  async reachesLog(): Promise<boolean> {
    return this.#lease.touch() || this.#lease.acquire()
  }

  get hasMemory(): boolean {
    return this.#memory.enabled
  }

  /** Whether compressing an answer may be worth it; false once it was tried. */
  mayCompress(entry: Entry): boolean {
    return this.#loading.mayCompress(entry)
  }

  /** A large answer with its compressed bytes, soon; null where it is small, has them, or had better go out as it is. */
  packed(key: string, entry: Entry): Promise<Entry> | null {
    return this.#loading.packed(key, entry)
  }

  /** Has the answer compressed in the background, for those who ask next. */
  compress(key: string, entry: Entry): void {
    this.#loading.compress(key, entry).catch(() => undefined)
  }

  /** The usable entry of a key, fresh or expired, from memory or Redis, or null. Loads nothing and counts nothing. */
  async get(key: string): Promise<Entry | null> {
    return this.#lookUps.held(key, this.#time.now()) ?? (await this.#loading.stored(key))
  }

  /** Stores a body as if a load that began now had brought it. */
  async set(key: string, policy: Policy, loaded: Loaded): Promise<void> {
    if (loaded.body.length > this.#options.entryMaxBytes) return
    if (this.#history.owes(key, policy.tags)) await this.#clearing.settleOwed()
    const entry = newEntry(loaded, policy, this.#history.moment, {
      ...this.#options,
      now: this.#time.now(),
    })
    await this.#loading.put(key, entry)
  }

  /** Clears one key. */
  delete(key: string, actor: string): Promise<ClearResult> {
    return this.clear({ kind: 'key', selector: key }, actor)
  }

  /** Clears what a glob over keys matches, as Redis would match it. */
  deletePattern(pattern: string, actor: string): Promise<ClearResult> {
    return this.clear({ kind: 'pattern', selector: pattern }, actor)
  }

  /**
   * Once this resolves, no body whose load began before the call is answered here any more.
   *
   * @param options.onWarning such as the log of the request that asked; the cache's own unless given.
   */
  clear(selector: Selector, actor: string, options: Partial<ClearOptions> = {}): Promise<ClearResult> {
    return this.#clearing.clear(selector, actor, { onWarning: this.#options.onWarning, ...options })
  }

  /** What a clear would delete now. @throws RangeError for a pattern that cannot be matched. */
  preview(selector: Selector): Promise<Counted> {
    return countSelected(selector, { memory: this.#memory, redis: this.#options.redis, time: this.#time })
  }

  /** What is stored of a key, and what it is worth now. Counts nothing, and leaves the order of use in memory as it is. */
  async inspect(key: string): Promise<Inspection> {
    // Without a lease the judgement may lack a clear.
    if (!this.#lease.touch()) await this.#lease.acquire()
    const { redis } = this.#options
    return inspect(key, {
      memory: this.#memory,
      redis,
      history: this.#history,
      lease: this.#lease,
      time: this.#time,
    })
  }

  /** The state now, with what Redis says of itself. */
  async stats(): Promise<CacheStats> {
    await this.state.refresh()
    return this.state.now()
  }

  /** Applies now what others cleared, instead of with the next request: somebody waits for it. */
  catchUp(): void {
    this.#lease.catchUp().catch(() => undefined)
  }

  /** Ends background work, and tells the log that nobody has to wait for this instance. Entries in Redis stay. */
  async close(): Promise<void> {
    await Promise.all([this.#clearing.close(), this.#lease.close()])
  }
}
