// Redis as `src/cache/redis.ts` and its scripts use it: envelopes and locks that end by themselves. It may lose all it has, or wake up with what it
// had a while ago.
import { HEAD_LENGTH } from '../../../src/cache/entry.ts'
import { UNAVAILABLE, type Unavailable } from '../../../src/cache/guard.ts'
import type { Acquired, Lock, RemoteTier, SweptSelector } from '../../../src/cache/remote.ts'
import { compileSelector } from '../../../src/cache/selector.ts'
import { Server, type Connection } from './network.ts'

interface Stored {
  envelope: Buffer
  until: number
}

interface HeldLock extends Lock {
  until: number
}

const LIMIT_MS = 250

export class SimulatedRedis extends Server {
  #entries = new Map<string, Stored>()
  #locks = new Map<string, HeldLock>()
  #saved: { entries: Map<string, Stored>; locks: Map<string, HeldLock> }[] = []

  get(key: string): Buffer | null {
    const stored = this.#entries.get(key)
    return stored !== undefined && this.events.now < stored.until ? stored.envelope : null
  }

  set(key: string, envelope: Buffer, lifetimeMs: number): void {
    this.#entries.set(key, { envelope, until: this.events.now + lifetimeMs })
  }

  acquire(key: string, lock: Lock, needed: number, seen: Buffer | null, deadline: number): Acquired {
    const envelope = this.get(key)
    if (!headOf(envelope).equals(headOf(seen))) return { state: 'changed', envelope }
    if (this.events.now > deadline) return { state: 'late' }
    const held = this.#lockOf(key)
    if (held?.epoch === lock.epoch && held.position >= needed) return { state: 'theirs' }
    this.#locks.set(key, { ...lock, until: this.events.now + lock.lifeMs })
    return { state: 'mine' }
  }

  extend(key: string, lock: Lock): boolean {
    if (!this.#holds(key, lock)) return false
    this.#locks.set(key, { ...this.#lockOf(key)!, until: this.events.now + lock.lifeMs })
    return true
  }

  store(key: string, lock: Lock, envelope: Buffer, lifetimeMs: number): void {
    if (!this.#holds(key, lock)) return
    this.set(key, envelope, lifetimeMs)
    this.#locks.delete(key)
  }

  release(key: string, lock: Lock): void {
    if (this.#holds(key, lock)) this.#locks.delete(key)
  }

  replace(key: string, envelope: Buffer, by: Buffer): void {
    const stored = this.#entries.get(key)
    if (stored !== undefined && headOf(stored.envelope).equals(headOf(envelope)))
      this.#entries.set(key, { ...stored, envelope: by })
  }

  delete(key: string): boolean {
    return this.#entries.delete(key)
  }

  sweep(selector: SweptSelector): string[] {
    const matches = compileSelector(selector)
    return [...this.#entries.keys()].filter((key) => matches(key, []) && this.delete(key))
  }

  /** What `rollBack` may bring back. */
  save(): void {
    this.#saved.push({ entries: new Map(this.#entries), locks: new Map(this.#locks) })
  }

  /** Restarted from a file, or a replica that lagged took over. @param share of what was saved, the oldest being 0. */
  rollBack(share: number): void {
    const saved = this.#saved[Math.floor(share * this.#saved.length)]
    if (saved === undefined) return
    this.#entries = new Map(saved.entries)
    this.#locks = new Map(saved.locks)
  }

  flush(): void {
    this.#entries.clear()
    this.#locks.clear()
  }

  #lockOf(key: string): HeldLock | null {
    const lock = this.#locks.get(key)
    return lock !== undefined && this.events.now < lock.until ? lock : null
  }

  #holds(key: string, { token }: Lock): boolean {
    return this.#lockOf(key)?.token === token
  }
}

function headOf(envelope: Buffer | null): Buffer {
  return envelope?.subarray(0, HEAD_LENGTH) ?? Buffer.alloc(0)
}

/** Redis as one process sees it: what is not back within the limit is given up, and done there all the same. */
export function redisClient(redis: SimulatedRedis, connection: Connection): RemoteTier {
  const run = <Answer>(work: () => Answer): Promise<Answer | Unavailable> =>
    connection.call(LIMIT_MS, work).catch((): Unavailable => UNAVAILABLE)
  const done = async (work: () => unknown): Promise<void> => {
    await run(work)
  }
  return {
    available: true,
    get: (key) => run(() => redis.get(key)),
    set: (key, envelope, lifetimeMs) => done(() => redis.set(key, envelope, lifetimeMs)),
    acquire: (key, lock, needed, seen) => {
      const deadline = redis.events.now + LIMIT_MS
      return run(() => redis.acquire(key, lock, needed, seen, deadline))
    },
    extend: async (key, lock) => (await run(() => redis.extend(key, lock))) === true,
    store: (key, lock, envelope, lifetimeMs) => done(() => redis.store(key, lock, envelope, lifetimeMs)),
    release: (key, lock) => done(() => redis.release(key, lock)),
    replace: (key, envelope, by) => done(() => redis.replace(key, envelope, by)),
    delete: (key) => done(() => redis.delete(key)),
    sweep: async (selector, found) => {
      const keys = await run(() => redis.sweep(selector))
      if (keys === UNAVAILABLE) return { removed: 0, complete: false }
      await found(keys)
      return { removed: keys.length, complete: true }
    },
    // Only people ask for these.
    find: () => Promise.resolve(false),
    info: () => Promise.resolve(null),
  }
}
