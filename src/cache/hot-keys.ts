// Which keys are asked for most: counted while they are, forgotten slowly, and few enough to hold.
import type { Policy } from './loaded.ts'

export interface HotKey {
  key: string
  /** Requests a minute, the last minutes counting most; of one that is asked for since less than a minute, its requests. */
  perMinute: number
  /** The same, and slow to believe in what is new: what is worth being loaded before anybody asks. */
  steadyPerMinute: number
  /** See `Policy.recipe`. */
  recipe: string
}

/** How often a key was asked for; its entry in memory has it at hand, so that a hit adds to a field. */
export class Use {
  readonly recipe: string
  /** Requests a minute, where all the time before it was known counts as none. */
  steadyPerMinute = 0
  /** Since `steadyPerMinute` was brought up to date. */
  count = 0
  /** By the clock. */
  readonly knownSince: number

  constructor(recipe: string, knownSince: number) {
    this.recipe = recipe
    this.knownSince = knownSince
  }
}

const MINUTE_MS = 60_000
/** What was asked so long ago counts half. */
const HALF_LIFE_MS = 5 * MINUTE_MS
/** Held at most. More than anybody wants to know of, so that a key that becomes hot has the time to. */
const MOST_KEYS = 2000
/** Where these are too many, so many stay. */
const KEPT_KEYS = MOST_KEYS / 2

export class HotKeys {
  readonly #uses = new Map<string, Use>()
  readonly #clock: () => number
  #settledAt: number
  /** What nobody wants to know the use of. */
  readonly #untracked = new Use('', 0)

  /** @param clock milliseconds, only growing. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
    this.#settledAt = clock()
  }

  /** The use of a key that somebody asks for or that is kept for those who will. */
  track(key: string, { recipe = '', isRare = false }: Pick<Policy, 'recipe' | 'isRare'>): Use {
    const known = this.#uses.get(key)
    if (known !== undefined) return known
    if (recipe === '' || isRare) return this.#untracked
    if (this.#uses.size >= MOST_KEYS) this.#forget()
    const use = new Use(recipe, this.#clock())
    this.#uses.set(key, use)
    return use
  }

  of(key: string): Use {
    return this.#uses.get(key) ?? this.#untracked
  }

  /** The keys that are asked for most, the hottest first. */
  hottest(limit: number): HotKey[] {
    return this.#ranked()
      .slice(0, limit)
      .map(([key, use]) => ({
        key,
        perMinute: this.#perMinute(use),
        steadyPerMinute: use.steadyPerMinute,
        recipe: use.recipe,
      }))
  }

  #ranked(): [string, Use][] {
    const now = this.#clock()
    const ms = now - this.#settledAt
    const left = 0.5 ** (ms / HALF_LIFE_MS)
    // What one request of this time adds, as if they had come evenly.
    const perRequest = ms > 0 ? ((1 - left) * MINUTE_MS) / ms : (Math.LN2 * MINUTE_MS) / HALF_LIFE_MS
    this.#settledAt = now
    for (const use of this.#uses.values()) {
      use.steadyPerMinute = use.steadyPerMinute * left + use.count * perRequest
      use.count = 0
    }
    return [...this.#uses].sort(([, a], [, b]) => b.steadyPerMinute - a.steadyPerMinute)
  }

  /** Without the time before it was known, in which nobody can have asked for it. */
  #perMinute({ steadyPerMinute, knownSince }: Use): number {
    const knownMs = Math.max(MINUTE_MS, this.#settledAt - knownSince)
    return steadyPerMinute / (1 - 0.5 ** (knownMs / HALF_LIFE_MS))
  }

  /** The coldest half, all at once: one by one each would cost a look at all. */
  #forget(): void {
    for (const [key] of this.#ranked().slice(KEPT_KEYS)) this.#uses.delete(key)
  }
}
