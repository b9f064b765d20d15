// Analyses: what was analysed before is answered, and for what was not one caller of the fleet pays. Kept results are rows of PostgreSQL, with the
// cache in front as of any other read; calls stand behind it, each under a claim.
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { bodyOf, type Answer, type Cache, type Loaded } from '../cache/index.ts'
import { claimAnalysis, isAnyClaimed, type Claimed } from '../db/analysis-claims.ts'
import {
  forgetResults,
  readResult,
  voidResults,
  type ResultRow,
  type Voided,
} from '../db/analysis-results.ts'
import type { Database } from '../db/client.ts'
import { Problem } from '../problems.ts'
import { pause, type Time } from '../time/time.ts'
import type { Json } from './analysers/analyser.ts'
import { answerBody } from './answer-body.ts'
import { Calls, type Order } from './calls.ts'
import { analyserProblem, analysisUnknown, budgetSpent } from './problems.ts'
import { Slots } from './slots.ts'

/** How an answer came about: it was kept, this caller paid for it, somebody else did whom it waited for, or an expired one stands in. */
export type Way = 'kept' | 'called' | 'shared' | 'stale'

export interface AnalysesParts {
  database: Database
  cache: Cache
  time: Time
  log: Pick<Logger, 'info' | 'warn'>
  /** Longest lifetime in the cache; PostgreSQL keeps results for longer. */
  cacheSeconds: number
  /** How long past its lifetime a result may stand in for a call that fails. */
  staleSeconds: number
  /** A personal result is kept for so long. */
  onPersonal: (ttlSeconds: number) => void
}

/** Between looks at a call of another instance. */
const LOOKS_MS = { first: 50, longest: 400 }
/** A result that is cleared each time it is there is not waited for without end. */
const ATTEMPTS = 3
const UNDER_WAY_RETRY_S = 2

export class Analyses {
  readonly #calls: Calls
  readonly #parts: AnalysesParts
  readonly #slots = new Map<string, Slots>()
  /** By key; of none that is personal or forced. */
  readonly #flights = new Map<string, Promise<'called' | 'shared' | 'kept'>>()

  #isClosed = false

  constructor(parts: AnalysesParts) {
    this.#parts = parts
    this.#calls = new Calls(parts)
  }

  /** The kept answer of a key that is nobody's, from the cache or PostgreSQL. @throws Problem analysis_unknown. */
  lookUp(key: string, hash: string): Answer | Promise<Answer> {
    const { cache, cacheSeconds } = this.#parts
    const policy = { ttlSeconds: cacheSeconds, tags: [contentTag(hash)] }
    return cache.getOrLoad(key, policy, () => this.#load(key))
  }

  /** The kept row of a personal key; null of none. Never an expired one, and never from a tier. */
  async personal(key: string): Promise<ResultRow | null> {
    const row = await readResult(this.#parts.database, key)
    return row === null || row.leftMs <= 0 ? null : row
  }

  /** The row of a key, expired or not, that may stand in for a call that failed; null of none. */
  async standIn(key: string): Promise<ResultRow | null> {
    const row = await readResult(this.#parts.database, key)
    return row === null || row.leftMs <= -this.#parts.staleSeconds * 1000 ? null : row
  }

  /** What to say where nothing is kept under any of these keys: whether it is worth asking again soon. */
  async unknown(keys: readonly string[]): Promise<Problem> {
    const isUnderWay = await isAnyClaimed(this.#parts.database, keys)
    return analysisUnknown(isUnderWay ? UNDER_WAY_RETRY_S : null)
  }

  /**
   * Has a content analysed, unless it is by now. Who asks for the same at the same time, on whatever instance, waits for the same call; it goes on
   * although all of them leave.
   *
   * @param isForced calls although there is a result.
   * @throws Problem of the analyser, its budget or its line; analysis_discarded where a personal result was cleared or its person forgotten meanwhile.
   */
  obtain(order: Order, { isForced = false } = {}): Promise<'called' | 'shared' | 'kept'> {
    if (isForced || order.variant.subject !== null) return this.#obtain(order, isForced)
    const { key } = order
    const running = this.#flights.get(key)
    if (running !== undefined) return running.then((way) => (way === 'called' ? 'shared' : way))
    const flight = this.#obtain(order, false).finally(() => this.#flights.delete(key))
    this.#flights.set(key, flight)
    return flight
  }

  /** What was found about a content, now or before. @throws Problem as `obtain`. */
  async resultOf(order: Order): Promise<Json> {
    const { key, variant } = order
    const answer = await this.#lookUpOr(order, async () => {
      await this.obtain(order)
      return this.lookUp(key, variant.hash)
    })
    return (JSON.parse(bodyOf(answer.entry).toString()) as { result: Json }).result
  }

  /** Deletes the results of a content, of whatever analyser and person, everywhere. */
  async void(hash: string): Promise<Voided> {
    const matches = (key: string): boolean => key.split(':', 2)[1] === hash
    return voidResults(this.#parts.database.pool, { kinds: ['text', 'file'], hash, matches })
  }

  /** Deletes all that is kept of a person. Nothing of it is in the cache, nor lands any more. @returns how many results there were. */
  forget(subjectHash: string): Promise<number> {
    return forgetResults(this.#parts.database.pool, subjectHash)
  }

  /** What this instance called, by analyser. */
  get callCounts(): Calls['counts'] {
    return this.#calls.counts
  }

  /** Calls made now and callers in line, by analyser. */
  get usage(): ReadonlyMap<string, { taken: number; waiting: number }> {
    return new Map([...this.#slots].map(([name, slots]) => [name, slots.usage]))
  }

  /** Begins no more calls, and waits so long for those under way; others make again what takes longer. */
  async close(patienceMs: number): Promise<void> {
    this.#isClosed = true
    for (const slots of this.#slots.values()) slots.close()
    await this.#calls.close(patienceMs)
  }

  async #lookUpOr(order: Order, otherwise: () => Promise<Answer>): Promise<Answer> {
    try {
      return await this.lookUp(order.key, order.variant.hash)
    } catch (error) {
      if (error instanceof Problem && error.code === 'analysis_unknown') return otherwise()
      throw error
    }
  }

  async #load(key: string): Promise<Loaded> {
    const row = await readResult(this.#parts.database, key)
    if (row === null || row.leftMs <= 0) throw analysisUnknown()
    return { body: answerBody(row), lifetimeSeconds: row.leftMs / 1000 }
  }

  async #obtain(order: Order, isForced: boolean): Promise<'called' | 'shared' | 'kept'> {
    const { key, variant } = order
    let since: string | null = null
    let hasWaited = false
    let attempts = 0
    for (;;) {
      const outcome: Claimed | 'landed' | 'lost' = await this.#slotsOf(order).run(() =>
        this.#claimAndCall(order, since, isForced && !hasWaited),
      )
      if (outcome === 'landed') return 'called'
      if (outcome === 'lost') {
        attempts++
        // Cleared while it was under way: who waits is the next caller. Not for a person who may just have been forgotten.
        if (variant.subject !== null || attempts === ATTEMPTS)
          throw new Problem('analysis_discarded', 'the result was cleared or forgotten before it was there')
        continue
      }
      since ??= outcome.now
      switch (outcome.state) {
        case 'kept':
          return hasWaited ? 'shared' : 'kept'
        case 'theirs':
          hasWaited = true
          await this.#othersCall(key)
          continue
        case 'spent':
          throw budgetSpent(variant.analyser.name, outcome.leftMs)
        case 'paused':
          throw analyserProblem('analyser_busy', Math.max(1, Math.ceil(outcome.leftMs / 1000)))
        default:
          throw analyserProblem(outcome.code)
      }
    }
  }

  async #claimAndCall(
    order: Order,
    since: string | null,
    isForced: boolean,
  ): Promise<Claimed | 'landed' | 'lost'> {
    const { key, variant } = order
    const { name, currency, costMicros, dailyBudgetMicros } = variant.analyser
    const token = randomUUID()
    const claimed = await claimAnalysis(this.#parts.database, {
      key,
      token,
      subjectHash: variant.subject,
      analyser: name,
      currency,
      costMicros,
      budgetMicros: dailyBudgetMicros,
      since,
      isForced,
    })
    if (claimed.state !== 'mine') return claimed
    if (!(await this.#calls.make(order, token))) return 'lost'
    if (variant.subject !== null) this.#parts.onPersonal(order.ttlSeconds)
    return 'landed'
  }

  async #othersCall(key: string): Promise<void> {
    const { database, time } = this.#parts
    let pauseMs = LOOKS_MS.first
    do {
      await pause(time, pauseMs)
      pauseMs = Math.min(pauseMs * 1.5, LOOKS_MS.longest)
    } while (await isAnyClaimed(database, [key]))
  }

  #slotsOf({ variant: { analyser } }: Order): Slots {
    let slots = this.#slots.get(analyser.name)
    if (slots === undefined) this.#slots.set(analyser.name, (slots = new Slots(analyser.concurrency)))
    if (this.#isClosed) slots.close()
    return slots
  }
}

/** Of all answers about a content: what is cleared by its hash. */
export function contentTag(hash: string): string {
  return `content:${hash}`
}
