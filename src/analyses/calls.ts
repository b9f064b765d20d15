// One call of an analyser, from the claim that is held to the result that is kept: the claim is renewed meanwhile, and ends with the call.
import type { Logger } from 'pino'
import { CLAIM_LEASE_MS, endClaim, landAnalysis, renewClaim, type CallEnd } from '../db/analysis-claims.ts'
import type { Database } from '../db/client.ts'
import { DatabaseUnavailable } from '../db/errors.ts'
import { pause, type Time } from '../time/time.ts'
import type { Analyser, Content, Json, Verdict } from './analysers/analyser.ts'
import type { Variant } from './identity.ts'
import { analyserProblem, codeOf } from './problems.ts'

/** What is to be analysed, and how its result is kept. */
export interface Order {
  key: string
  variant: Omit<Variant, 'analyser'> & { analyser: Analyser }
  content: Content
  ttlSeconds: number
  /** Of a personal result; null where it is kept open. */
  seal: ((result: Json) => { salt: Buffer; sealed: Buffer }) | null
}

export interface CallParts {
  database: Database
  time: Time
  log: Pick<Logger, 'info' | 'warn'>
}

/** Of one analyser, on this instance since its start. */
export interface CallCounts {
  calls: number
  /** Those that brought no result. */
  failures: number
  /** In millionths: what answers cost, and what may have been charged for none. */
  spentMicros: number
}

const RENEW_MS = CLAIM_LEASE_MS / 3
/** What was paid for is not given up at once where PostgreSQL is away. */
const LANDING = { patienceMs: 30_000, pauseMs: 500 }

export class Calls {
  readonly #parts: CallParts
  readonly #running = new Set<Promise<unknown>>()
  readonly #stop = new AbortController()
  readonly #counts = new Map<string, CallCounts>()

  constructor(parts: CallParts) {
    this.#parts = parts
  }

  /** Whether the result is kept; false where the claim was lost, the result cleared or its person forgotten. @throws Problem of the analyser. */
  make(order: Order, token: string): Promise<boolean> {
    const call = this.#make(order, token)
    this.#running.add(call)
    const done = (): void => void this.#running.delete(call)
    call.then(done, done)
    return call
  }

  /** By analyser; those that were called. */
  get counts(): ReadonlyMap<string, Readonly<CallCounts>> {
    return this.#counts
  }

  /** Waits for calls under way, then ends those that take longer: their claims are free, and others call. */
  async close(patienceMs: number): Promise<void> {
    const ended = Promise.allSettled(this.#running)
    const cancel = this.#parts.time.after(patienceMs, () => this.#stop.abort())
    await ended
    cancel()
  }

  async #make(order: Order, token: string): Promise<boolean> {
    const { time, log } = this.#parts
    const { key, content, variant } = order
    const { analyser, asked } = variant
    const began = time.clock()
    const counts = this.#countsOf(analyser.name)
    counts.calls++
    const held = this.#hold(key, token)
    let verdict: Verdict
    try {
      verdict = await analyser.call(content, asked, AbortSignal.any([held.lost, this.#stop.signal]))
    } finally {
      held.release()
    }
    const fields = { analyser: analyser.name, outcome: verdict.outcome, ms: Math.round(time.clock() - began) }
    if (verdict.outcome === 'answered' || (verdict.outcome !== 'busy' && verdict.isPaid))
      counts.spentMicros += Number(analyser.costMicros)
    if (verdict.outcome === 'answered') {
      log.info(fields, 'analysed')
      return this.#land(order, token, verdict.result)
    }
    counts.failures++
    const reason = verdict.outcome === 'failed' ? verdict.reason : undefined
    log.warn({ ...fields, reason }, 'not analysed')
    await this.#end(key, token, verdict)
    throw analyserProblem(codeOf(verdict), verdict.outcome === 'busy' ? verdict.retryAfterSeconds : undefined)
  }

  #countsOf(analyser: string): CallCounts {
    let counts = this.#counts.get(analyser)
    if (counts === undefined) this.#counts.set(analyser, (counts = { calls: 0, failures: 0, spentMicros: 0 }))
    return counts
  }

  /** Renews the claim until it is released. */
  #hold(key: string, token: string): { lost: AbortSignal; release: () => void } {
    const { database, time } = this.#parts
    const lost = new AbortController()
    let isHeld = true
    let cancel = (): void => undefined
    const renewLater = (): void => {
      cancel = time.after(RENEW_MS, () => {
        // Where PostgreSQL does not answer, nobody else can take the claim over either.
        void renewClaim(database, key, token)
          .catch(() => true)
          .then((isMine) => {
            if (!isMine) lost.abort()
            else if (isHeld) renewLater()
          })
      })
    }
    renewLater()
    const release = (): void => {
      isHeld = false
      cancel()
    }
    return { lost: lost.signal, release }
  }

  async #land({ key, variant, ttlSeconds, seal }: Order, token: string, result: Json): Promise<boolean> {
    const { database, time } = this.#parts
    const { hash, kind, asked, analyser } = variant
    const { language, tone, parameters } = asked
    const kept = seal === null ? { parameters, result } : seal({ parameters, result })
    const landing = { key, token, hash, kind, version: analyser.version, language, tone, kept, ttlSeconds }
    const deadline = time.clock() + LANDING.patienceMs
    for (;;) {
      try {
        return await landAnalysis(database, landing)
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable) || time.clock() > deadline) throw error
        await pause(time, LANDING.pauseMs)
      }
    }
  }

  async #end(key: string, token: string, verdict: Exclude<Verdict, { outcome: 'answered' }>): Promise<void> {
    // Of a call that was given up here nobody has to know: the next one calls.
    const isStopped = this.#stop.signal.aborted
    const told: CallEnd['told'] = isStopped
      ? null
      : { state: verdict.outcome === 'refused' ? 'refused' : 'failed', code: codeOf(verdict) }
    const end: CallEnd = {
      told,
      isPaid: verdict.outcome !== 'busy' && verdict.isPaid,
      ...(verdict.outcome === 'busy' ? { pauseSeconds: verdict.retryAfterSeconds } : {}),
    }
    await endClaim(this.#parts.database, key, token, end).catch((error: unknown) => {
      this.#parts.log.warn({ err: error }, 'the end of a call could not be noted; it counts as paid')
    })
  }
}
