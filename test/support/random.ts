// Numbers that are spread as random ones and the same for the same seed.

export interface Random {
  /** From 0 up to, and not including, 1. */
  next(): number
  /** An integer from 0 up to, and not including, `end`. */
  below(end: number): number
  pick<T>(from: readonly T[]): T
}

/** Mulberry32, by Tommy Ettinger (public domain). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number): number => Math.floor(next() * end)
  return { next, below, pick: (from) => from[below(from.length)]! }
}
