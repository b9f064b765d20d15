// What was answered without a call, and what that would have cost: counted as it happens, in a journal that outlives a crash, and from there in
// PostgreSQL, where the whole fleet's is added up.
import { randomUUID } from 'node:crypto'
import { publishSavings, type SavingsCount } from '../db/analysis-money.ts'
import type { Database } from '../db/client.ts'
import { within, type Time } from '../time/time.ts'
import { SavingsJournal } from './savings-journal.ts'

export interface SavingsParts {
  database: Database
  time: Time
  /** Where the journal is. */
  directory: string
  onWarning: (message: string, error: unknown) => void
}

/** What a kept result cost, at the time. */
export interface Paid {
  analyser: string
  currency: string
  costMicros: number
}

const PUBLISH_MS = 1000
/** A stop does not wait longer for what it had counted to be written; the journal has it. */
const LAST_WORD_MS = 1000
const DAY_MS = 86_400_000

export class Savings {
  readonly #parts: SavingsParts
  readonly #life = randomUUID()
  readonly #journal: SavingsJournal
  /** By analyser, currency and day; a place in the journal each. */
  readonly #counts = new Map<string, { count: SavingsCount; place: number; isPublished: boolean }>()
  #day = ''
  #dayEndsAt = 0
  #cancelPublish: (() => void) | null = null
  #publishing: Promise<void> = Promise.resolve()

  constructor(parts: SavingsParts) {
    this.#parts = parts
    this.#journal = new SavingsJournal(parts.directory, this.#life, parts.onWarning)
  }

  /** Counts one answer that nobody was paid for. */
  count(way: 'hits' | 'shared', { analyser, currency, costMicros }: Paid): void {
    const day = this.#today()
    const id = `${day} ${currency} ${analyser}`
    let counted = this.#counts.get(id)
    if (counted === undefined) {
      const count = { day, analyser, currency, hits: 0, shared: 0, savedMicros: 0 }
      counted = { count, place: this.#counts.size, isPublished: true }
      this.#counts.set(id, counted)
    }
    counted.count[way]++
    counted.count.savedMicros += costMicros
    counted.isPublished = false
    this.#journal.write(counted.place, counted.count)
    this.#cancelPublish ??= this.#parts.time.after(PUBLISH_MS, () => {
      this.#cancelPublish = null
      this.#publishing = this.#publish()
    })
  }

  /** What this life has counted, by day, analyser and currency. */
  get counts(): Readonly<SavingsCount>[] {
    return [...this.#counts.values()].map(({ count }) => count)
  }

  /** Writes what lives that crashed had counted. */
  async recover(): Promise<void> {
    const { database, onWarning } = this.#parts
    try {
      await this.#journal.recover((life, counts) => publishSavings(database, life, counts))
    } catch (error) {
      onWarning('what a crashed instance had saved is written with the next start', error)
    }
  }

  /** Writes what is counted by now, at once. */
  async settle(): Promise<void> {
    await this.#publishing
    await (this.#publishing = this.#publish())
  }

  async close(): Promise<void> {
    this.#cancelPublish?.()
    await within(this.#parts.time, LAST_WORD_MS, this.settle())
    const isDone = [...this.#counts.values()].every(({ isPublished }) => isPublished)
    this.#journal.close(isDone)
  }

  async #publish(): Promise<void> {
    const news = [...this.#counts.values()].filter(({ isPublished }) => !isPublished)
    if (news.length === 0) return
    for (const each of news) each.isPublished = true
    try {
      await publishSavings(
        this.#parts.database,
        this.#life,
        news.map(({ count }) => count),
      )
    } catch {
      // It is counted on, and written with what comes next, or by the next start.
      for (const each of news) each.isPublished = false
    }
  }

  /** Of UTC. */
  #today(): string {
    const now = this.#parts.time.now()
    if (now >= this.#dayEndsAt) {
      this.#day = new Date(now).toISOString().slice(0, 10)
      this.#dayEndsAt = (Math.floor(now / DAY_MS) + 1) * DAY_MS
    }
    return this.#day
  }
}
