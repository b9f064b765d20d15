// When the scores are brought up to date by a running service: as soon as it hears of a change, one run at a time, and with rests, so that a stream of
// changes does not keep a core busy. Where nothing is pending, nothing runs and no timer does.
import type { Time } from '../time/time.ts'
import type { Scoring, ScoringOutcome } from './pending-scores.ts'

/** After a run, as a multiple of what it took; between these, so that scores follow within seconds all the same. */
const REST = { factor: 2, leastMs: 100, mostMs: 2000 }
/** What is pending and could not be done now is looked at again: who was at it may have died, who should have done it may be gone. */
const LOOK_AGAIN_MS: Partial<Record<ScoringOutcome | 'failed', number>> = {
  busy: 1000,
  left: 10_000,
  failed: 1000,
}

export interface ScoreKeeperParts {
  /** Brings the scores up to date; `insists` until it once could, as a start has its settings hold. */
  score: (insists: boolean) => Promise<Scoring>
  onOutcome: (scoring: Scoring, ms: number) => void
  /** Of failures in a row, the first. */
  onFailure: (error: unknown) => void
  time: Time
}

export class ScoreKeeper {
  readonly #parts: ScoreKeeperParts
  #state: 'idle' | 'running' | 'resting' | 'closed' = 'idle'
  #isWanted = false
  #insists = true
  #hasFailed = false
  #cancelRest = (): void => undefined

  constructor(parts: ScoreKeeperParts) {
    this.#parts = parts
  }

  /** Something may have changed. */
  wake(): void {
    this.#isWanted = true
    if (this.#state === 'idle') void this.#run()
  }

  close(): void {
    this.#state = 'closed'
    this.#cancelRest()
  }

  async #run(): Promise<void> {
    this.#state = 'running'
    this.#isWanted = false
    const { time } = this.#parts
    const began = time.clock()
    const outcome = await this.#score(began)
    if (this.isClosed) return
    const againMs = LOOK_AGAIN_MS[outcome]
    if (againMs !== undefined) this.#isWanted = true
    const restMs = Math.min(Math.max((time.clock() - began) * REST.factor, REST.leastMs), REST.mostMs)
    this.#state = 'resting'
    this.#cancelRest = time.after(againMs ?? restMs, () => this.#rested())
  }

  async #score(began: number): Promise<ScoringOutcome | 'failed'> {
    const { score, onOutcome, onFailure, time } = this.#parts
    try {
      const scoring = await score(this.#insists)
      if (scoring.outcome !== 'busy') this.#insists = false
      this.#hasFailed = false
      onOutcome(scoring, time.clock() - began)
      return scoring.outcome
    } catch (error) {
      if (!this.isClosed && !this.#hasFailed) onFailure(error)
      this.#hasFailed = true
      return 'failed'
    }
  }

  #rested(): void {
    this.#state = 'idle'
    if (this.#isWanted) void this.#run()
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }
}
