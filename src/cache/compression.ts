// Compresses an answer once, on another thread, when somebody who takes it so asks for it again.
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Entry } from './entry.ts'

/** An answer that fits into one packet gains nothing. */
const LEAST_BYTES = 1400
/** While so many are under way the others wait for another hit of theirs. */
const MOST_AT_ONCE = 16
/** Share of its length that a body has to lose at least. */
const WORTHWHILE = 0.1

const gzipped = promisify(gzip)

export class Compression {
  /** Whatever came of it. */
  readonly #tried = new WeakSet<Entry>()
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

  /** The gzipped bytes; null where they are not worth it. */
  async compress(entry: Entry): Promise<Buffer | null> {
    const { identity, length } = entry
    if (identity === null) return null
    this.#tried.add(entry)
    this.#running++
    try {
      const compressed = await gzipped(identity)
      return compressed.length < length * (1 - WORTHWHILE) ? compressed : null
    } finally {
      this.#running--
    }
  }
}
