// One load for the whole fleet: whoever holds the lock of a key loads it, the others wait for what it stores.
import { randomUUID } from 'node:crypto'
import type { Moment } from './clear-history.ts'
import { decodeEntry, encodeEntry, type Entry } from './entry.ts'
import { UNAVAILABLE, type Unavailable } from './guard.ts'
import type { Lock, RemoteTier } from './remote.ts'
import { pause, type Time } from '../time/time.ts'

/** A holder that dies holds the others up no longer. */
export const LOCK_LIFE_MS = 1000
/** Nobody waits longer, for one that is merely slow; it leaves time for whoever follows a dead one. */
export const TURN_PATIENCE_MS = 2000
const EXTEND_AFTER_MS = LOCK_LIFE_MS / 3
const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 50

/** The right to store what is loaded. */
export interface Claim {
  store(entry: Entry): Promise<void>
  release(): Promise<void>
}

/** What came of asking the fleet: an entry that somebody else brought, or the task to load, with the right to store where there is a claim. */
export type Turn = { entry: Entry } | { entry: null; claim: Claim | null }

/** For where locks are refused: whoever loads stores, and the last one stands. */
export function unlocked(remote: RemoteTier, time: Time, key: string): Claim {
  return {
    store: (entry) => remote.set(key, encodeEntry(entry), entry.staleUntil - time.now()),
    release: () => Promise.resolve(),
  }
}

/** The lock of a key, kept alive while the load runs. */
class HeldLock implements Claim {
  readonly #remote: RemoteTier
  readonly #time: Time
  readonly #key: string
  readonly #lock: Lock
  #cancel = (): void => undefined
  #isDone = false

  constructor(remote: RemoteTier, time: Time, key: string, lock: Lock) {
    this.#remote = remote
    this.#time = time
    this.#key = key
    this.#lock = lock
    this.#extendLater()
  }

  /** Stores what was loaded, unless the lock was lost meanwhile: somebody else loads something newer then. */
  async store(entry: Entry): Promise<void> {
    this.#end()
    await this.#remote.store(this.#key, this.#lock, encodeEntry(entry), entry.staleUntil - this.#time.now())
  }

  async release(): Promise<void> {
    this.#end()
    await this.#remote.release(this.#key, this.#lock)
  }

  #extendLater(): void {
    this.#cancel = this.#time.after(EXTEND_AFTER_MS, () => {
      void this.#remote.extend(this.#key, this.#lock).then((isHeld) => {
        if (isHeld && !this.#isDone) this.#extendLater()
      })
    })
  }

  #end(): void {
    this.#isDone = true
    this.#cancel()
  }
}

/**
 * Looks for an entry and waits its turn to load one, both in one round trip where there is none. Where one holder takes too long, each loads
 * for itself and stores nothing.
 *
 * @param load the moment at which it would begin, and the position from which on an entry would do.
 * @param isUsable asked of each entry found.
 * @param onLook called before each look: nobody else may be asking meanwhile, and what requests keep alive has to be kept alive.
 */
export async function takeTurn(
  { remote, time }: { remote: RemoteTier; time: Time },
  key: string,
  { needed, ...load }: Moment & { needed: number },
  { isUsable, onLook }: { isUsable: (entry: Entry) => boolean; onLook: () => void },
): Promise<Turn | Unavailable | 'refused'> {
  const { epoch, position } = load
  const lock: Lock = { epoch, position, token: randomUUID(), lifeMs: LOCK_LIFE_MS }
  const began = time.clock()
  const deadline = began + TURN_PATIENCE_MS
  let spentMs = 0
  let wasLate = false
  let envelope: Buffer | null = null
  let pauseMs = FIRST_PAUSE_MS
  for (;;) {
    onLook()
    const acquired = await remote.acquire(key, lock, needed, envelope, spentMs)
    if (acquired === UNAVAILABLE) return UNAVAILABLE
    if (acquired.state === 'refused' || (acquired.state === 'late' && wasLate)) return 'refused'
    if (acquired.state === 'mine') return { entry: null, claim: new HeldLock(remote, time, key, lock) }
    if (acquired.state === 'changed') {
      envelope = acquired.envelope
      const entry = envelope === null ? null : decodeEntry(envelope)
      if (entry !== null && isUsable(entry)) return { entry }
    }
    const leftToWait = deadline - time.clock()
    if (leftToWait <= 0) return { entry: null, claim: null }
    if (acquired.state === 'changed' || acquired.state === 'late') {
      wasLate = acquired.state === 'late'
      spentMs = time.clock() - began
      continue
    }
    // What is waited for from now on is the load; each look has the whole limit.
    spentMs = 0
    await pause(time, Math.min(pauseMs, leftToWait))
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
  }
}
