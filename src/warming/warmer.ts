// Has the hottest keys loaded anew when something expired them, before anybody has to wait for that: a few at a time, with pauses, and not while
// requests are waiting for what a load would take.
import { setTimeout as sleep } from 'node:timers/promises'
import type { HotKey } from '../cache/index.ts'

export interface WarmerOptions {
  /** The hottest first. */
  hottest: () => HotKey[]
  isFresh: (key: string) => boolean
  /** Has one loaded. */
  ask: (recipe: string) => Promise<Outcome>
  /** Whether requests are waiting for what a load would take. */
  isBusy: () => boolean
  pauses?: Partial<Pauses>
}

/** `refused` is what will never be loaded; `failed` is worth another try. */
export type Outcome = 'warmed' | 'refused' | 'failed'

export interface Pauses {
  /** Milliseconds after each load, of each lane. */
  afterLoad: number
  /** Until it is looked again whether requests wait. */
  whileBusy: number
  /** After a load that failed: more of them would only be in the way. */
  afterFailure: number
}

/** Loads at a time. With the pause after each that makes some 200 a second at most. */
const LANES = 2
const PAUSES: Pauses = { afterLoad: 10, whileBusy: 20, afterFailure: 5000 }

export class Warmer {
  /** How many loads were made, and how many of these failed. */
  readonly counts = { warmed: 0, failed: 0 }
  readonly #options: WarmerOptions
  readonly #pauses: Pauses
  #round: Promise<void> | null = null
  #isAwake = false
  readonly #closing = new AbortController()
  readonly #closed = this.#closing.signal
  #retry: NodeJS.Timeout | null = null

  constructor(options: WarmerOptions) {
    this.#options = options
    this.#pauses = { ...PAUSES, ...options.pauses }
  }

  /** Something may have expired. */
  wake(): void {
    this.#isAwake = true
    if (this.#retry !== null) return
    this.#round ??= this.#run().finally(() => (this.#round = null))
  }

  /** Has these loaded, whether or not anybody asked here before; resolves with how many there were. */
  async load(recipes: readonly string[]): Promise<number> {
    const before = this.counts.warmed
    await this.#inLanes([...recipes], (recipe) => recipe)
    return this.counts.warmed - before
  }

  /** Begins no load any more, and resolves when those under way after a change are over. */
  async close(): Promise<void> {
    this.#closing.abort()
    if (this.#retry !== null) clearTimeout(this.#retry)
    await this.#round
  }

  /** Until nothing has expired since the keys were looked at. */
  async #run(): Promise<void> {
    while (this.#isAwake && !this.#closed.aborted) {
      this.#isAwake = false
      const { hottest, isFresh } = this.#options
      await this.#inLanes(
        hottest().filter(({ key }) => !isFresh(key)),
        // A request may have been quicker.
        ({ key, recipe }) => (isFresh(key) ? null : recipe),
      )
    }
  }

  async #inLanes<Item>(items: Item[], recipeOf: (item: Item) => string | null): Promise<void> {
    const lane = async (): Promise<void> => {
      for (let item = items.shift(); item !== undefined; item = items.shift()) {
        while (this.#options.isBusy() && !this.#closed.aborted) await sleep(this.#pauses.whileBusy)
        if (this.#closed.aborted) return
        const recipe = recipeOf(item)
        if (recipe === null) continue
        if ((await this.#load(recipe)) === 'failed') {
          items.length = 0
          this.#tryLater()
          return
        }
        await sleep(this.#pauses.afterLoad)
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
  }

  async #load(recipe: string): Promise<Outcome> {
    const outcome = await this.#options.ask(recipe).catch(() => 'failed' as const)
    if (outcome !== 'refused') this.counts[outcome] += 1
    return outcome
  }

  #tryLater(): void {
    if (this.#retry !== null || this.#closed.aborted) return
    this.#retry = setTimeout(() => {
      this.#retry = null
      this.wake()
    }, this.#pauses.afterFailure)
    this.#retry.unref()
  }
}
