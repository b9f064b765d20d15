// Pseudo-random choices that come out the same on every machine, so that the sample can be made again byte for byte.

export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number
  /** A whole number, both ends included. */
  integer(lowest: number, highest: number): number
  chance(probability: number): boolean
  pick<Item>(items: readonly Item[]): Item
  /** The items in another order; the list itself stays. */
  shuffled<Item>(items: readonly Item[]): Item[]
}

/** The mulberry32 generator: 32 bits of state, whole-number arithmetic only. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (lowest: number, highest: number) => lowest + Math.floor(next() * (highest - lowest + 1))

  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: (items) => items[integer(0, items.length - 1)]!,
    shuffled(items) {
      const order = [...items]
      for (let last = order.length - 1; last > 0; last -= 1) {
        const other = integer(0, last)
        const moved = order[last]!
        order[last] = order[other]!
        order[other] = moved
      }
      return order
    },
  }
}
