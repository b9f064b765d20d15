// The whole engine without a server: the clear log and Redis are those of the simulation, asked without a network, and time is what the test says.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { bodyOf, Cache, type Answer, type CacheOptions } from '../../../src/cache/index.ts'
import type { ClearLog } from '../../../src/cache/index.ts'
import type { RemoteTier } from '../../../src/cache/remote.ts'
import type { Time } from '../../../src/time/time.ts'
import { SimulatedLog } from '../simulation/clear-log.ts'
import { Events } from '../../support/events.ts'
import { SimulatedRedis } from '../simulation/redis.ts'

const WALL_CLOCK_AT_START = 1_790_000_000_000
export const POLICY = { ttlSeconds: 300 }
export const STALE_SECONDS = 3600

/** What several caches share, and the time of all of them. */
export class World {
  readonly events = new Events()
  readonly log = new SimulatedLog(this.events)
  readonly redis = new SimulatedRedis(this.events)
  readonly time: Time = {
    now: () => WALL_CLOCK_AT_START + this.events.now,
    clock: () => this.events.now,
    after: (ms, callback) => this.events.after(ms, callback),
  }

  open(options: Partial<CacheOptions> = {}): Promise<Cache> {
    return Cache.open({
      log: this.clearLog(),
      redis: this.remote(),
      memoryMaxBytes: 1024 * 1024,
      entryMaxBytes: 1024 * 1024,
      staleSeconds: STALE_SECONDS,
      absentSeconds: 10,
      longestTtlSeconds: POLICY.ttlSeconds,
      onWarning: () => undefined,
      time: this.time,
      ...options,
    })
  }

  /** The log, as one that answers at once. */
  clearLog(): ClearLog {
    const { log } = this
    return {
      read: (...asked) => soon(() => log.read(...asked)),
      append: (...asked) => soon(() => log.append(...asked)),
      unacknowledged: (...asked) => soon(() => log.unacknowledged(...asked)),
      expire: (...asked) => soon(() => log.expire(...asked)),
      complete: () => Promise.resolve(),
      leave: (id) => soon(() => log.leave(id)),
    }
  }

  /** Redis, as one that answers at once. */
  remote(): RemoteTier {
    const { redis } = this
    return {
      available: true,
      get: (key) => soon(() => redis.get(key)),
      set: (...stored) => soon(() => redis.set(...stored)),
      acquire: (key, lock, needed, found) => soon(() => redis.acquire(key, lock, needed, found, Infinity)),
      extend: (...asked) => soon(() => redis.extend(...asked)),
      store: (...stored) => soon(() => redis.store(...stored)),
      release: (...asked) => soon(() => redis.release(...asked)),
      replace: (...asked) => soon(() => redis.replace(...asked)),
      delete: (key) => soon(() => void redis.delete(key)),
      sweep: async (selector, found) => {
        const keys = redis.sweep(selector)
        await found(keys)
        return { removed: keys.length, complete: true }
      },
      find: () => Promise.resolve(false),
      info: () => Promise.resolve(null),
    }
  }

  /** So many milliseconds pass, with all that is due in them and what follows from it. */
  async pass(ms: number): Promise<void> {
    let isOver = false as boolean
    this.events.after(ms, () => (isOver = true))
    while (!isOver) {
      await settled()
      this.events.step()
    }
    await settled()
  }

  /** The process slept for so long: what was due comes afterwards. */
  sleep(ms: number): void {
    this.events.now += ms
  }
}

/** Not in the same breath: a server is never that fast. */
function soon<Answer>(work: () => Answer): Promise<Answer> {
  return Promise.resolve().then(work)
}

/** What runs by promises alone has run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await nextTurn()
}

export function bringing(body: string): () => Promise<{ body: Buffer }> {
  return () => Promise.resolve({ body: Buffer.from(body) })
}

export function failing(): Promise<never> {
  return Promise.reject(new Error('no data'))
}

/** What a caller sees of an answer: `HIT memory: body`. */
export async function seen(answer: Answer | Promise<Answer>): Promise<string> {
  const { entry, outcome, tier } = await answer
  return `${outcome} ${tier}: ${bodyOf(entry).toString()}`
}
