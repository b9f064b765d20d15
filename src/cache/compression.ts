// Compresses an answer once, on another thread: for those who ask for it again, and a large one for the first who takes it so.
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Entry } from './entry.ts'

/** An answer that fits into one packet gains nothing. */
const LEAST_BYTES = 1400
/** From here on whoever takes it compressed waits for that: some milliseconds, where all of it would take longer on most ways. */
const LARGE_BYTES = 32 * 1024
/** While so many are under way the others go out as they are. */
const MOST_AT_ONCE = 16
/** Share of its length that a body has to lose at least. */
const WORTHWHILE = 0.1

const gzipped = promisify(gzip)

/** Whether nobody who takes it compressed should get it otherwise; false once it is compressed. */
export function isLarge(entry: Entry): boolean {
  return entry.gzip === null && entry.length >= LARGE_BYTES
}

export class Compression {
  /** Whatever came of it: those who ask meanwhile share it. */
  readonly #tried = new WeakMap<Entry, Promise<Buffer | null>>()
  /** The compressions that are still under way. */
  readonly #underWay = new WeakSet<Entry>()
  #running = 0

  /** Asked with each hit: whether there is anything to be gained that was not tried. */
  mayCompress(entry: Entry): boolean {
    return (
      entry.gzip === null &&
      entry.length >= LEAST_BYTES &&
      this.#running < MOST_AT_ONCE &&
      !this.#tried.has(entry)
    )
  }

  isUnderWay(entry: Entry): boolean {
    return this.#underWay.has(entry)
  }

  /** The gzipped bytes; null where they are not worth it. */
  compress(entry: Entry): Promise<Buffer | null> {
    let result = this.#tried.get(entry)
    if (result === undefined) {
      result = this.#compress(entry)
      this.#tried.set(entry, result)
    }
    return result
  }

  async #compress(entry: Entry): Promise<Buffer | null> {
    const { identity, length } = entry
    if (identity === null) return null
    this.#underWay.add(entry)
    this.#running++
    try {
      const compressed = await gzipped(identity)
      return compressed.length < length * (1 - WORTHWHILE) ? compressed : null
    } catch {
      // As it is, it can be sent all the same.
      return null
    } finally {
      this.#running--
      this.#underWay.delete(entry)
    }
  }
}
