// An instance of the service: a seat behind the load balancer, taken by one process after the other, each with a whole cache of the engine's own.
import { Cache, type CacheOptions } from '../../../src/cache/index.ts'
import type { RemoteTier } from '../../../src/cache/remote.ts'
import type { Time } from '../../../src/time/time.ts'
import { logClient, type SimulatedLog } from './clear-log.ts'
import { ENTRY_MAX_BYTES, LONGEST_TTL_SECONDS, Refusal } from './database.ts'
import type { Events } from '../../support/events.ts'
import { Connection, type Way } from './network.ts'
import { Life } from './life.ts'
import type { Random } from './random.ts'
import { redisClient, type SimulatedRedis } from './redis.ts'
import type { Note } from './trace.ts'

/** What an instance is given, and a mechanism may be taken out of. */
export type Parts = Pick<CacheOptions, 'log'> & { redis: RemoteTier; time: Time }

export interface Surroundings {
  events: Events
  random: Random
  log: SimulatedLog
  redis: SimulatedRedis
  alter: (parts: Parts) => Parts
  /** Told of each process that ends. */
  onDeath: (life: Life) => void
  note: Note
}

const STALE_SECONDS = 2
const RETRY_OPENING_MS = 200

export class Instance {
  readonly ways: { log: Way; redis: Way } = { log: { weather: 'fair' }, redis: { weather: 'fair' } }
  readonly name: string
  readonly #surroundings: Surroundings
  #lives = 0
  #life: Life | null = null
  #cache: Cache | null = null

  constructor(name: string, surroundings: Surroundings) {
    this.name = name
    this.#surroundings = surroundings
  }

  /** The process that runs, and its cache once that is open. */
  get running(): { life: Life; cache: Cache } | null {
    return this.#life !== null && this.#cache !== null ? { life: this.#life, cache: this.#cache } : null
  }

  start(): void {
    const { events, random } = this.#surroundings
    const life = new Life(`${this.name}.${++this.#lives}`, events, random)
    this.#life = life
    this.#open(life, this.#parts(life))
  }

  pause(ms: number): void {
    this.#life?.process.pause(ms)
  }

  /** Ends the process without a word; another one takes its place. */
  kill(startAfterMs: number): void {
    const life = this.#life
    if (life === null) return
    this.#life = this.#cache = null
    life.process.kill()
    this.#surroundings.onDeath(life)
    this.#surroundings.events.after(startAfterMs, () => this.start())
  }

  /** Ends the process as SIGTERM does. Requests may come until it has gone. */
  leave(lingerMs: number, startAfterMs: number): void {
    const { life, cache } = this.running ?? {}
    if (life === undefined || cache === undefined) return
    void cache.close().then(() => {
      life.process.deliver(lingerMs, () => {
        if (this.#life === life) this.kill(startAfterMs)
      })
    })
  }

  /** The log has news; the process may never learn that it was told. */
  notify(ms: number): void {
    const { life, cache } = this.running ?? {}
    life?.process.deliver(ms, () => cache?.catchUp())
  }

  #open(life: Life, parts: Parts): void {
    Cache.open({
      ...parts,
      name: life.name,
      memoryMaxBytes: 1024 * 1024,
      entryMaxBytes: ENTRY_MAX_BYTES,
      staleSeconds: STALE_SECONDS,
      absentSeconds: 1,
      longestTtlSeconds: LONGEST_TTL_SECONDS,
      onWarning: () => undefined,
      isAnswer: (error) => error instanceof Refusal,
    }).then(
      (cache) => {
        if (this.#life === life) this.#cache = cache
      },
      () => parts.time.after(RETRY_OPENING_MS, () => this.#open(life, parts)),
    )
  }

  #parts(life: Life): Parts {
    const { random, log, redis, alter, note } = this.#surroundings
    const { process } = life
    return alter({
      time: process.time,
      log: logClient(log, new Connection(log, process, this.ways.log, random), (moment, { epoch, seq }) => {
        life.hears(moment)
        note(null, () => `${life.name} hears: ${epoch}, position ${seq}`)
      }),
      redis: redisClient(redis, new Connection(redis, process, this.ways.redis, random)),
    })
  }
}
