// The tier that all instances share, as the engine sees it: bytes by key, and one lock a key. It may be away at any moment, and is never trusted.
import type { Selector } from './clear-log.ts'
import type { Unavailable } from './guard.ts'

export interface RedisInfo {
  /** As Redis prints it, for example `1.05M`. */
  usedMemory: string
  usedMemoryBytes: number
  /** null where there is none. */
  memoryLimitBytes: number | null
  /** Which keys go when the limit is reached, such as `allkeys-lru`. */
  policy: string | null
  /** Keys that went so since the server started. */
  evictedKeys: number
  clients: number
  keys: number
  /** null while they are not counted. */
  ownKeys: number | null
  /** Milliseconds since the Unix epoch. */
  ownKeysAt: number | null
}

export interface Sweep {
  removed: number
  /** False where Redis was away for part of it. */
  complete: boolean
}

/** Clears by tag need no sweep. */
export type SweptSelector = Selector & { kind: 'pattern' | 'key' }

/** The right to load a key for the whole fleet, for so long. */
export interface Lock {
  /** Of the moment at which the holder's load begins. */
  epoch: string
  position: number
  /** Of this holder alone. */
  token: string
  lifeMs: number
}

/**
 * mine: load. theirs: somebody else loads what is needed. refused: no locks here, by an account or a server that may not.
 * changed: there is another envelope than the one that was seen; nothing was locked. late: by the other side's clock, nobody waits any more.
 */
export type Acquired =
  { state: 'mine' | 'theirs' | 'refused' | 'late' } | { state: 'changed'; envelope: Buffer | null }

export interface RemoteTier {
  readonly available: boolean
  /** @param spentMs on this tier, by the same request. */
  get(key: string, spentMs?: number): Promise<Buffer | null | Unavailable>
  set(key: string, envelope: Buffer, lifetimeMs: number): Promise<void>
  /**
   * Takes the lock of a key, in one step with a look at its envelope, unless a load is under way that began at `needed` or later.
   *
   * @param seen the envelope that would not do; null for none.
   * @param spentMs as for `get`.
   */
  acquire(
    key: string,
    lock: Lock,
    needed: number,
    seen: Buffer | null,
    spentMs?: number,
  ): Promise<Acquired | Unavailable>
  /** Whether the lock was still held, and now is for another life. */
  extend(key: string, lock: Lock): Promise<boolean>
  /** Stores and gives the lock back, if it is still held; else neither. */
  store(key: string, lock: Lock, envelope: Buffer, lifetimeMs: number): Promise<void>
  release(key: string, lock: Lock): Promise<void>
  /** Puts one envelope in the place of another, for the rest of its lifetime, if that one is still there. */
  replace(key: string, envelope: Buffer, by: Buffer): Promise<void>
  delete(key: string): Promise<void>
  /** Hands each batch of keys found to `found`, and goes on when that has done with it. */
  sweep(selector: SweptSelector, found: (keys: string[]) => Promise<void>): Promise<Sweep>
  /** Hands over, in batches, the keys that a sweep would find, until `found` wants no more. Whether these were all: false where it was away, too. */
  find(selector: SweptSelector, found: (keys: string[]) => boolean): Promise<boolean>
  /** One command; null when it is away. @param countsOwnKeys has our keys counted from time to time, by many more. */
  info(countsOwnKeys: boolean): Promise<RedisInfo | null>
}
