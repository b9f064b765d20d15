// The memory tier: entries by key, bounded in bytes, least recently used first out.
import { LRUCache } from 'lru-cache'
import { Counters, type CategoryCounters } from './counters.ts'
import type { Entry } from './entry.ts'
import { HotKeys, type Use } from './hot-keys.ts'
import type { Matches } from './selector.ts'

/** What an entry takes beside its strings and its body: the objects, the map's slot, the list's links. Measured, rounded up. */
const OVERHEAD_BYTES = 1000
/** Keys tested between two turns of the event loop, so that a clear does not hold up hits. */
const SWEEP_CHUNK = 5000
/** The last part of a lifetime, in which an entry that is still asked for is loaded anew. */
const REFRESHED_SHARE = 0.1

/** An entry held here, with the verdict version at which it was last found valid. */
export interface HeldEntry extends Entry {
  judgedAt: number
  /** See `Judged`: what is asked for outlives any number of clears of other things. */
  validThrough: number
  /** From then on a request has it loaded anew in the background, while it is still fresh. */
  refreshAt: number
  /** Of its category, so that a hit need not look for them. */
  counters: CategoryCounters
  /** How often it is asked for. */
  use: Use
}

export class MemoryTier {
  readonly #entries: LRUCache<string, HeldEntry> | null
  readonly #counters: Counters
  readonly #hotKeys: HotKeys

  /** @param maxBytes limit of all entries together; 0 turns the tier off. */
  constructor(maxBytes: number, counters = new Counters(), hotKeys = new HotKeys()) {
    this.#counters = counters
    this.#hotKeys = hotKeys
    const onInsert = count.bind(null, 1)
    const dispose = count.bind(null, -1)
    this.#entries =
      maxBytes > 0 ? new LRUCache({ maxSize: maxBytes, sizeCalculation: sizeOf, onInsert, dispose }) : null
  }

  get enabled(): boolean {
    return this.#entries !== null
  }

  get size(): number {
    return this.#entries?.size ?? 0
  }

  get bytes(): number {
    return this.#entries?.calculatedSize ?? 0
  }

  get(key: string): HeldEntry | undefined {
    return this.#entries?.get(key)
  }

  set(key: string, entry: Entry, judgedAt: number): void {
    const { storedAt, freshUntil } = entry
    const held = heldEntry(entry, {
      judgedAt,
      validThrough: entry.position,
      refreshAt: freshUntil - (freshUntil - storedAt) * REFRESHED_SHARE,
      counters: this.#counters.of(key),
      use: this.#hotKeys.of(key),
    })
    this.#entries?.set(key, held)
  }

  /** Adds the compressed bytes to an entry, if it is still here: what is here then, else null. */
  compress(key: string, entry: Entry, gzip: Buffer): HeldEntry | null {
    const held = this.#entries?.peek(key)
    if (held?.storedAt !== entry.storedAt || held.etag !== entry.etag) return null
    // Another object, or its size would not be counted anew.
    const compressed = heldEntry(held, held)
    compressed.gzip = ownBytes(gzip)
    this.#entries?.set(key, compressed)
    return compressed
  }

  /** Looks without counting as a use. */
  peek(key: string): HeldEntry | undefined {
    return this.#entries?.peek(key)
  }

  delete(key: string): void {
    this.#entries?.delete(key)
  }

  /** Removes the entries that match and resolves with their keys. */
  sweep(matches: Matches): Promise<Set<string>> {
    return this.#select((key, tags) => matches(key, tags) && this.#entries?.delete(key) === true)
  }

  /** The keys of the entries that match. */
  find(matches: Matches): Promise<Set<string>> {
    return this.#select(matches)
  }

  async #select(isMeant: Matches): Promise<Set<string>> {
    const selected = new Set<string>()
    let tested = 0
    for (const key of [...(this.#entries?.keys() ?? [])]) {
      const held = this.#entries?.peek(key)
      if (held !== undefined && isMeant(key, held.tags)) selected.add(key)
      if (++tested % SWEEP_CHUNK === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    return selected
  }
}

/** Field by field: what V8 spreads into a larger object gets a hidden class of its own each time, and whatever reads it becomes slow. */
function heldEntry(entry: Entry, held: Omit<HeldEntry, keyof Entry>): HeldEntry {
  const { identity, gzip } = entry
  return {
    identity: identity === null ? null : ownBytes(identity),
    gzip: gzip === null ? null : ownBytes(gzip),
    length: entry.length,
    etag: entry.etag,
    link: entry.link,
    tags: entry.tags,
    absent: entry.absent,
    epoch: entry.epoch,
    position: entry.position,
    storedAt: entry.storedAt,
    freshUntil: entry.freshUntil,
    staleUntil: entry.staleUntil,
    judgedAt: held.judgedAt,
    validThrough: held.validThrough,
    refreshAt: held.refreshAt,
    counters: held.counters,
    use: held.use,
  }
}

/** A slice keeps the whole it was cut from alive: a socket's 64 KB chunk for a 300-byte answer, unseen by the bound. */
function ownBytes(body: Buffer): Buffer {
  if (body.length === body.buffer.byteLength) return body
  const copy = Buffer.allocUnsafeSlow(body.length)
  body.copy(copy)
  return copy
}

/** What the tier has of a category: an entry more, or one less. */
function count(sign: 1 | -1, entry: HeldEntry, key: string): void {
  entry.counters.entries += sign
  entry.counters.bytes += sign * sizeOf(entry, key)
}

function sizeOf(entry: HeldEntry, key: string): number {
  return (
    OVERHEAD_BYTES +
    key.length +
    entry.etag.length +
    entry.link.length +
    entry.epoch.length +
    // Inflated bytes come when somebody asks for them, without a word to this bound.
    entry.length +
    (entry.gzip?.length ?? 0) +
    entry.tags.reduce((total, tag) => total + tag.length, 0)
  )
}
