// Figures of all instances together. Each writes its own totals to PostgreSQL and reads everybody's when it is asked for them.
import { randomUUID } from 'node:crypto'
import { COUNTER_NAMES, noCounts, type Counts } from '../cache/index.ts'
import type { Database } from '../db/client.ts'
import { foldDeparted, publishCounts, readFleet, type Count, type FleetState } from '../db/fleet-counts.ts'
import type { Time } from '../time/time.ts'
import { difference, NOTHING, type Totals } from './totals.ts'

/** Then an instance goes on as another life: what has not been written for days may be added up with what is over. */
const LIFE_MS = 24 * 3_600_000

interface Life {
  id: string
  /** By the clock that only grows. */
  began: number
  /** What was counted before. */
  baseline: Totals
  /** What the table has of it, as text: most of the time most of it has not changed. */
  published: Map<string, number>
}

export interface FleetTotals {
  /** Milliseconds since the Unix epoch. */
  asOf: number
  instances: number
  requests: number
  redisCommands: number
  categories: Record<string, Counts>
}

export class Fleet {
  readonly #database: Database
  readonly #time: Time
  #life: Life
  #publishing: Promise<void> | null = null
  /** As it was read, with what the reader had counted as its own. */
  #read: { state: FleetState; baseline: Totals; at: number } | null = null
  #reading: Promise<boolean> | null = null
  #isAnswered = true
  #readAt = -Infinity

  constructor(database: Database, time: Time) {
    this.#database = database
    this.#time = time
    this.#life = newLife(NOTHING, time.clock())
  }

  /** Seconds since the Unix epoch; null where no data ever caused a clear, or that is not known yet. */
  get lastLoadAt(): number | null {
    return this.#read?.state.lastLoadAt ?? null
  }

  /** Writes what has changed since the last time, if look-ups did; whether they did. One at a time, and quiet when PostgreSQL does not answer. */
  publish(totals: Totals): boolean {
    const life = this.#life
    const changed = flat(difference(totals, life.baseline)).filter(
      ({ category, counter, count }) => life.published.get(`${category}:${counter}`) !== count,
    )
    // Those who only look at the figures must not keep an instance busy that has nothing else to do.
    if (changed.every(({ category }) => category === '')) return false
    this.#publishing ??= this.#write(life, totals, changed)
      .catch(() => undefined)
      .finally(() => (this.#publishing = null))
    return true
  }

  /** Resolves when what is being written is written, or given up. */
  async settled(): Promise<void> {
    await this.#publishing
  }

  /** Reads the fleet's figures unless that was done so lately, one at a time. Resolves with whether PostgreSQL answered. */
  refresh(ageMs: number): Promise<boolean> {
    const now = this.#time.clock()
    if (this.#reading === null && now - this.#readAt >= ageMs) {
      this.#readAt = now
      const { id, baseline } = this.#life
      this.#reading = readFleet(this.#database, id)
        .then((state) => {
          this.#read = { state, baseline, at: this.#time.now() }
          return true
        })
        .catch(() => false)
        .then((isAnswered) => {
          this.#reading = null
          return (this.#isAnswered = isAnswered)
        })
    }
    return this.#reading ?? Promise.resolve(this.#isAnswered)
  }

  /** What the others had counted when they were last asked, and what this instance has counted until now. */
  totals(now: Totals): FleetTotals | null {
    if (this.#read === null) return null
    const { state, baseline, at } = this.#read
    const others = state.counts.map((counted) => ({ ...counted, count: counted.count - counted.own }))
    const sums = { requests: 0, redisCommands: 0 }
    const categories: Record<string, Counts> = {}
    for (const { category, counter, count } of [...others, ...flat(difference(now, baseline))]) {
      // What another release counts and this one does not know is left out.
      if (category === '' && counter in sums) sums[counter as keyof typeof sums] += count
      else if (COUNTER_NAMES.includes(counter as keyof Counts))
        (categories[category] ??= noCounts())[counter as keyof Counts] += count
    }
    return { asOf: at, instances: state.instances, ...sums, categories }
  }

  async #write(life: Life, totals: Totals, changed: Count[]): Promise<void> {
    await publishCounts(this.#database, life.id, changed)
    if (life.published.size === 0) await foldDeparted(this.#database)
    for (const { category, counter, count } of changed) life.published.set(`${category}:${counter}`, count)
    const now = this.#time.clock()
    if (now - life.began > LIFE_MS) this.#life = newLife(totals, now)
  }
}

function newLife(baseline: Totals, began: number): Life {
  return { id: randomUUID(), began, baseline, published: new Map() }
}

/** All that is not 0. */
function flat({ requests, redisCommands, categories }: Totals): Count[] {
  const all = [
    { category: '', counter: 'requests', count: requests },
    { category: '', counter: 'redisCommands', count: redisCommands },
    ...Object.entries(categories).flatMap(([category, { counts }]) =>
      COUNTER_NAMES.map((counter) => ({ category, counter, count: counts[counter] })),
    ),
  ]
  return all.filter(({ count }) => count > 0)
}
