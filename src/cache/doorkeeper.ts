// Which keys were missed before, in little memory: what few ask for twice, such as a page deep in a list, stays out of Redis until somebody does.
import { crc32 } from 'node:zlib'

/** Two bits a key in each of two generations; with this many keys one in a hundred is taken for another that was seen. */
const BITS = 2 ** 21
/** What is left of 32 bits when the highest that number a place are taken. */
const LOW_BITS = 32 - 21
const KEYS_A_GENERATION = 100_000
/** Of the golden ratio: spreads what the checksum leaves together. */
const SPREAD = 0x9e3779b1

export class Doorkeeper {
  #current = new Uint8Array(BITS / 8)
  #previous = new Uint8Array(BITS / 8)
  #count = 0

  /** Whether the key came before, lately; it has come from now on. */
  admits(key: string): boolean {
    const hash = crc32(key)
    const places = [hash % BITS, Math.imul(hash, SPREAD) >>> LOW_BITS]
    if (has(this.#current, places)) return true
    const cameBefore = has(this.#previous, places)
    for (const place of places)
      this.#current[place >>> 3] = (this.#current[place >>> 3] ?? 0) | (1 << (place & 7))
    if (++this.#count === KEYS_A_GENERATION) {
      this.#previous = this.#current
      this.#current = new Uint8Array(BITS / 8)
      this.#count = 0
    }
    return cameBefore
  }
}

function has(bits: Uint8Array, places: number[]): boolean {
  return places.every((place) => (((bits[place >>> 3] ?? 0) >>> (place & 7)) & 1) === 1)
}
