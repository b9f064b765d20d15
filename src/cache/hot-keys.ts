// Which keys are asked for most: counted while they are, forgotten slowly, and few enough to hold.
import type { Policy } from './loaded.ts'

export interface HotKey {
  key: string
  /** Requests a minute, the last minutes counting most. */
  perMinute: number
  /** See `Policy.recipe`. */
  recipe: string
}

/** How often a key was asked for; its entry in memory has it at hand, so that a hit adds to a field. */
export class Use {
  readonly recipe: string
  perMinute = 0
  /** Since `perMinute` was brought up to date. */
  count = 0

  constructor(recipe: string) {
    this.recipe = recipe
  }
}

/** What was asked so long ago counts half. */
const HALF_LIFE_MS = 300_000
/** What one request adds to the requests a minute: a steady stream of them tends to its true figure. */
const PER_REQUEST = (Math.LN2 * 60_000) / HALF_LIFE_MS
/** Held at most. More than anybody wants to know of, so that a key that becomes hot has the time to. */
const MOST_KEYS = 2000
/** Where these are too many, so many stay. */
const KEPT_KEYS = MOST_KEYS / 2

export class HotKeys {
  readonly #uses = new Map<string, Use>()
  readonly #clock: () => number
  #settledAt: number
  /** What nobody wants to know the use of. */
  readonly #untracked = new Use('')

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
    const use = new Use(recipe)
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
      .map(([key, { perMinute, recipe }]) => ({ key, perMinute, recipe }))
  }

  #ranked(): [string, Use][] {
    const now = this.#clock()
    const left = 0.5 ** ((now - this.#settledAt) / HALF_LIFE_MS)
    this.#settledAt = now
    for (const use of this.#uses.values()) {
      use.perMinute = use.perMinute * left + use.count * PER_REQUEST
      use.count = 0
    }
    return [...this.#uses].sort(([, a], [, b]) => b.perMinute - a.perMinute)
  }

  /** The coldest half, all at once: one by one each would cost a look at all. */
  #forget(): void {
    for (const [key] of this.#ranked().slice(KEPT_KEYS)) this.#uses.delete(key)
  }
}
