// Has the hottest keys loaded anew when something expired them, before anybody has to wait for that: a few at a time, with pauses, and not while
// requests are waiting for what a load would take.
import type { HotKey } from '../cache/index.ts'
import { pause, type Time } from '../time/time.ts'

export interface WarmerOptions {
  /** The hottest first. */
  hottest: () => HotKey[]
  isFresh: (key: string) => boolean
  /** Has one loaded. */
  ask: (recipe: string) => Promise<Outcome>
  /** Whether requests are waiting for what a load would take. */
  isBusy: () => boolean
  time: Time
}

/** `refused` is what will never be loaded; `failed` is worth another try. */
export type Outcome = 'warmed' | 'refused' | 'failed'

/** Loads at a time. With the pause after each that makes some 200 a second at most. */
const LANES = 2
const AFTER_LOAD_MS = 10
/** Until it is looked again whether requests wait. */
const WHILE_BUSY_MS = 20
/** More loads would only be in the way. */
const AFTER_FAILURE_MS = 5000

export class Warmer {
  /** How many loads were made, and how many of these failed. */
  readonly counts = { warmed: 0, failed: 0 }
  readonly #options: WarmerOptions
  #round: Promise<void> | null = null
  #isAwake = false
  readonly #closing = new AbortController()
  readonly #closed = this.#closing.signal
  #cancelRetry: (() => void) | null = null

  constructor(options: WarmerOptions) {
    this.#options = options
  }

  /** Something may have expired. */
  wake(): void {
    this.#isAwake = true
    if (this.#cancelRetry !== null) return
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
    this.#cancelRetry?.()
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
        while (this.#options.isBusy() && !this.#closed.aborted) await pause(this.#options.time, WHILE_BUSY_MS)
        if (this.#closed.aborted) return
        const recipe = recipeOf(item)
        if (recipe === null) continue
        if ((await this.#load(recipe)) === 'failed') {
          items.length = 0
          this.#tryLater()
          return
        }
        await pause(this.#options.time, AFTER_LOAD_MS)
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
    if (this.#cancelRetry !== null || this.#closed.aborted) return
    this.#cancelRetry = this.#options.time.after(AFTER_FAILURE_MS, () => {
      this.#cancelRetry = null
      this.wake()
    })
  }
}
