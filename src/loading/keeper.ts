// When a running service does what follows from changes of data: as soon as it hears of one, one run at a time, and with rests, so that a stream
// of changes does not keep a core busy. Where nothing is to be done, nothing runs and no timer does.
import type { Time } from '../time/time.ts'

/** After a run, as a multiple of what it took; between these, so that what follows is there within seconds all the same. */
const REST = { factor: 2, leastMs: 100, mostMs: 2000 }

export interface KeeperParts<Result extends { outcome: string }> {
  work: () => Promise<Result>
  /** What is left to do is looked at again after so long, without being woken. */
  lookAgainMs: Partial<Record<Result['outcome'] | 'failed', number>>
  onOutcome: (result: Result, ms: number) => void
  /** Of failures in a row, the first. */
  onFailure: (error: unknown) => void
  time: Time
}

export class Keeper<Result extends { outcome: string }> {
  readonly #parts: KeeperParts<Result>
  #state: 'idle' | 'running' | 'resting' | 'closed' = 'idle'
  #isWanted = false
  #hasFailed = false
  #cancelRest = (): void => undefined

  constructor(parts: KeeperParts<Result>) {
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
    const { time, lookAgainMs } = this.#parts
    const began = time.clock()
    const outcome = await this.#work(began)
    if (this.isClosed) return
    const againMs = lookAgainMs[outcome]
    if (againMs !== undefined) this.#isWanted = true
    const restMs = Math.min(Math.max((time.clock() - began) * REST.factor, REST.leastMs), REST.mostMs)
    this.#state = 'resting'
    this.#cancelRest = time.after(againMs ?? restMs, () => this.#rested())
  }

  async #work(began: number): Promise<Result['outcome'] | 'failed'> {
    const { work, onOutcome, onFailure, time } = this.#parts
    try {
      const result = await work()
      this.#hasFailed = false
      onOutcome(result, time.clock() - began)
      return result.outcome
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
