// The Redis tier: envelopes under our prefix, never trusted, always optional. One node or a Cluster.
import type { Cluster, Redis } from 'ioredis'
import { SYSTEM_TIME, type Time } from '../time/time.ts'
import { HEAD_LENGTH } from './entry.ts'
import { escapeGlob, literalOf } from './glob.ts'
import { isReply, UNAVAILABLE, type Guard, type Unavailable } from './guard.ts'
import { OwnKeyCount } from './own-keys.ts'
import { isBatch, unlinkEach } from './redis-batches.ts'
import { readInfo } from './redis-info.ts'
import { RedisClock } from './redis-clock.ts'
import { defineScripts, HEAD_LENGTH_TEXT, type AcquireAnswer, type Scripts } from './redis-scripts.ts'
import type { Acquired, Lock, RedisInfo, RemoteTier, Sweep, SweptSelector } from './remote.ts'

/** Part of every key: two releases whose answers or envelopes differ never read each other's bytes. */
const SHAPE_VERSION = 'v2'
const SCAN_COUNT = 1000
const SWEEP_ATTEMPTS = 3
/** The script's answers. */
const STATE = { changed: 0, theirs: 1, mine: 2, late: 3 } as const
const WRONG_TYPE = /^WRONGTYPE/

export class RedisTier implements RemoteTier {
  readonly #client: Redis | Cluster
  readonly #scripts: Scripts
  readonly #guard: Guard
  readonly #prefix: string
  readonly #lockPrefix: string
  readonly #time: Time
  readonly #clock: RedisClock
  readonly #ownKeys: OwnKeyCount

  constructor(client: Redis | Cluster, guard: Guard, prefix: string, time: Time = SYSTEM_TIME) {
    this.#client = client
    this.#scripts = defineScripts(client)
    this.#guard = guard
    this.#time = time
    this.#clock = new RedisClock(() => time.clock())
    this.#ownKeys = new OwnKeyCount(time)
    this.#prefix = `${prefix}:${SHAPE_VERSION}:`
    this.#lockPrefix = `${prefix}:lock:`
  }

  get available(): boolean {
    return this.#guard.available
  }

  /** Somebody else's list or hash at our key is no envelope; a store overwrites it. */
  get(key: string, spentMs?: number): Promise<Buffer | null | Unavailable> {
    const look = () =>
      this.#client.getBuffer(this.#prefix + key).catch((error: unknown) => {
        if (error instanceof Error && WRONG_TYPE.test(error.message)) return null
        throw error
      })
    return this.#guard.run(look, spentMs)
  }

  async set(key: string, envelope: Buffer, lifetimeMs: number): Promise<void> {
    await this.#guard.run(() => this.#client.set(this.#prefix + key, envelope, 'PX', Math.ceil(lifetimeMs)))
  }

  async acquire(
    key: string,
    lock: Lock,
    needed: number,
    seen: Buffer | null,
    spentMs = 0,
  ): Promise<Acquired | Unavailable> {
    const { epoch, position } = lock
    let isRefused = false as boolean
    let isGivenUp = false as boolean
    const look = async (): Promise<AcquireAnswer> => {
      const sentAt = this.#time.clock()
      const deadline = this.#clock.after(this.#guard.limitMs - spentMs)
      try {
        const head = seen?.subarray(0, HEAD_LENGTH) ?? ''
        const given = [
          head,
          epoch,
          needed,
          position,
          lock.token,
          lock.lifeMs,
          String(deadline ?? ''),
        ] as const
        const answer = await this.#scripts.barometerAcquireBuffer(
          ...this.#names(key),
          HEAD_LENGTH_TEXT,
          ...given,
        )
        // So late an answer says nothing of the clock, and the lock is to be nobody's.
        if (!isGivenUp) this.#clock.observe(Number(answer[1]), sentAt)
        else if (answer[0] === STATE.mine) void this.release(key, lock)
        return answer
      } catch (error) {
        isRefused = isReply(error)
        throw error
      }
    }
    const answer = await this.#guard.run(look, spentMs)
    isGivenUp = true
    if (answer === UNAVAILABLE) return isRefused ? { state: 'refused' } : UNAVAILABLE
    // What a broken connection brings may be anything that the protocol has.
    if (!Array.isArray(answer)) return UNAVAILABLE
    const [state, , envelope = null] = answer
    if (state === STATE.changed) return { state: 'changed', envelope }
    // In time by our clock: its own has been set, or is another's after a failover. It is known now.
    if (state === STATE.late) return { state: 'late' }
    return { state: state === STATE.theirs ? 'theirs' : 'mine' }
  }

  async extend(key: string, { token, lifeMs }: Lock): Promise<boolean> {
    const extended = await this.#guard.run(() =>
      this.#scripts.barometerExtend(...this.#names(key), token, lifeMs),
    )
    return extended === 1
  }

  async store(key: string, { token }: Lock, envelope: Buffer, lifetimeMs: number): Promise<void> {
    await this.#guard.run(() =>
      this.#scripts.barometerStore(...this.#names(key), token, envelope, Math.ceil(lifetimeMs)),
    )
  }

  async replace(key: string, envelope: Buffer, by: Buffer): Promise<void> {
    await this.#guard.run(() =>
      this.#scripts.barometerReplace(
        this.#prefix + key,
        HEAD_LENGTH_TEXT,
        envelope.subarray(0, HEAD_LENGTH),
        by,
      ),
    )
  }

  async release(key: string, { token }: Lock): Promise<void> {
    await this.#guard.run(() => this.#scripts.barometerRelease(...this.#names(key), token))
  }

  async delete(key: string): Promise<void> {
    await this.#guard.run(() => this.#client.unlink(this.#prefix + key))
  }

  /** Unlinks what matches, on every master, in batches; hands each batch of keys found (without prefix) to `found`. */
  async sweep(selector: SweptSelector, found: (keys: string[]) => Promise<void>): Promise<Sweep> {
    const single = selector.kind === 'key' ? selector.selector : literalOf(selector.selector)
    const sweep =
      single === null
        ? await this.#sweepPattern(selector.selector, found)
        : await this.#unlink(this.#client, [this.#prefix + single], found)
    // Who clears looks at the figures next.
    this.#ownKeys.expire()
    return sweep
  }

  async find(selector: SweptSelector, found: (keys: string[]) => boolean): Promise<boolean> {
    const { kind, selector: text } = selector
    const single = kind === 'key' ? text : literalOf(text)
    if (single !== null) {
      const exists = await this.#guard.run(() => this.#client.exists(this.#prefix + single))
      return exists !== UNAVAILABLE && found(exists === 1 ? [single] : [])
    }
    if (!this.#guard.available) return false
    for (const node of this.#masters()) {
      let cursor = '0'
      do {
        const batch = await this.#scan(node, cursor, escapeGlob(this.#prefix) + text)
        if (batch === UNAVAILABLE) return false
        cursor = batch[0]
        if (!found(batch[1].map((key) => key.slice(this.#prefix.length)))) return false
      } while (cursor !== '0')
    }
    return true
  }

  async #sweepPattern(pattern: string, found: (keys: string[]) => Promise<void>): Promise<Sweep> {
    const total: Sweep = { removed: 0, complete: this.#guard.available }
    for (const node of this.#masters()) {
      const part = await this.#sweepNode(node, escapeGlob(this.#prefix) + pattern, found)
      total.removed += part.removed
      total.complete &&= part.complete
    }
    return total
  }

  /** Of the whole Redis: of several nodes the sum. */
  async info(countsOwnKeys: boolean): Promise<RedisInfo | null> {
    const masters = this.#masters()
    const answers = await Promise.all(masters.map((node) => this.#guard.run(() => node.info())))
    const known = answers.filter((answer) => answer !== UNAVAILABLE)
    if (known.length === 0 || known.length < answers.length) return null
    if (!known.every((answer) => typeof answer === 'string')) return null
    const info = readInfo(known, masters[0]?.options.db ?? 0)
    if (countsOwnKeys) {
      const scans = masters.map((node) => (cursor: string) => this.#countFrom(node, cursor))
      const counted = this.#ownKeys.refresh(scans, info.keys)
      // A few round trips are worth waiting for; of a large Redis the figure comes with a later poll.
      if (info.keys <= SCAN_COUNT * 3) await counted
    }
    return { ...info, ownKeys: this.#ownKeys.value, ownKeysAt: this.#ownKeys.valueAt }
  }

  async #countFrom(node: Redis, cursor: string): Promise<{ cursor: string; ours: number } | Unavailable> {
    const pattern = `${escapeGlob(this.#prefix)}*`
    const batch = await this.#guard.run(() => node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT))
    return isBatch(batch) ? { cursor: batch[0], ours: batch[1].length } : UNAVAILABLE
  }

  /** The entry's name and its lock's, which the braces put into the same slot of a Cluster. No pattern of ours reaches the lock. */
  #names(key: string): [string, string] {
    const entry = this.#prefix + key
    return [entry, `${this.#lockPrefix}{${entry}}`]
  }

  #masters(): Redis[] {
    return this.#client.isCluster ? (this.#client as Cluster).nodes('master') : [this.#client as Redis]
  }

  async #sweepNode(node: Redis, pattern: string, found: (keys: string[]) => Promise<void>): Promise<Sweep> {
    let removed = 0
    // While one batch is unlinked, the next is looked for.
    let scan = this.#scan(node, '0', pattern)
    for (;;) {
      const batch = await scan
      if (batch === UNAVAILABLE) return { removed, complete: false }
      const [cursor, keys] = batch
      if (cursor !== '0') scan = this.#scan(node, cursor, pattern)
      if (keys.length > 0) {
        const part = await this.#unlink(node, keys, found)
        removed += part.removed
        if (!part.complete) return { removed, complete: false }
      }
      if (cursor === '0') return { removed, complete: true }
    }
  }

  async #scan(node: Redis, cursor: string, pattern: string): Promise<[string, string[]] | Unavailable> {
    const batch = await this.#patiently(() => node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT))
    return isBatch(batch) ? batch : UNAVAILABLE
  }

  /** A sweep of a million keys must not end because one of its thousand steps took long. Each step may be repeated. */
  async #patiently<T>(command: () => Promise<T>): Promise<T | Unavailable> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#guard.run(command)
      if (answer !== UNAVAILABLE || attempt === SWEEP_ATTEMPTS || !this.#guard.available) return answer
    }
  }

  async #unlink(
    node: Redis | Cluster,
    keys: string[],
    found: (keys: string[]) => Promise<void>,
  ): Promise<Sweep> {
    const removed = await this.#patiently(() =>
      this.#client.isCluster ? unlinkEach(node, keys) : node.unlink(...keys),
    )
    if (removed === UNAVAILABLE) return { removed: 0, complete: false }
    // None removed: the one key asked for was not there; whatever SCAN named was.
    if (removed > 0) await found(keys.map((key) => key.slice(this.#prefix.length)))
    return { removed, complete: true }
  }
}
