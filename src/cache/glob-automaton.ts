// Redis's glob language (`stringmatchlen` in its util.c) as an automaton on bit sets: constant work per character, whatever the pattern.

/** One single-character token is one bit of two 32-bit words. */
export const MAX_TOKENS = 64
const BYTES = 256
const MINUS = '-'
const ESCAPE = '\\'

export type Token =
  | { kind: 'literal'; char: string }
  | { kind: 'any' }
  | { kind: 'star' }
  /** `accepts[byte]` is 1 for the bytes that are in the class. */
  | { kind: 'class'; accepts: Uint8Array }

/** What the automaton reads: a string of which every character is one byte. */
export interface ByteText {
  length: number
  charCodeAt(index: number): number
}

/** Bit i of a set stands for "single-character token i was the last one consumed"; `low` holds bits 0 to 31, `high` the rest. */
export interface Automaton {
  /** Single-character tokens; 0 for a pattern of stars only. */
  size: number
  /** 1 where the pattern begins with a star: then a match may begin at any character, else at the first only. */
  restart: 0 | 1
  /** By byte: the tokens that accept it. */
  low: Int32Array
  high: Int32Array
  /** The tokens that a star follows: they stay consumed while characters pass. */
  loopLow: number
  loopHigh: number
}

/** Splits a pattern as Redis reads it, its oddities included; stars in a row count once. */
export function tokenize(pattern: string): Token[] {
  const tokens: Token[] = []
  let index = 0
  while (index < pattern.length) {
    const char = pattern.charAt(index)
    if (char === '[') {
      const { accepts, next } = readClass(pattern, index + 1)
      tokens.push({ kind: 'class', accepts })
      index = next
      continue
    }
    if (char === '*') {
      if (tokens.at(-1)?.kind !== 'star') tokens.push({ kind: 'star' })
    } else if (char === '?') {
      tokens.push({ kind: 'any' })
    } else {
      // An escape with nothing behind it is a backslash.
      if (char === ESCAPE && index + 1 < pattern.length) index += 1
      tokens.push({ kind: 'literal', char: pattern.charAt(index) })
    }
    index += 1
  }
  return tokens
}

/**
 * Reads a class from behind its `[` to behind its `]`, or to the end where it is not closed. As Redis does: `]` closes even as the first
 * member, so `[]` accepts nothing and `[^]` anything; a range takes whatever follows its minus as its end, `]` and `\` too, and its ends in
 * either order; an escaped character is never the start of a range.
 */
function readClass(pattern: string, start: number): { accepts: Uint8Array; next: number } {
  const negated = pattern.charAt(start) === '^'
  const accepts = new Uint8Array(BYTES)
  let index = negated ? start + 1 : start
  while (index < pattern.length && pattern.charAt(index) !== ']') {
    if (pattern.charAt(index) === ESCAPE && index + 1 < pattern.length) {
      accepts[pattern.charCodeAt(index + 1)] = 1
      index += 2
    } else if (pattern.charAt(index + 1) === MINUS && index + 2 < pattern.length) {
      const ends = [pattern.charCodeAt(index), pattern.charCodeAt(index + 2)]
      accepts.fill(1, Math.min(...ends), Math.max(...ends) + 1)
      index += 3
    } else {
      accepts[pattern.charCodeAt(index)] = 1
      index += 1
    }
  }
  return { accepts: negated ? accepts.map((accepted) => 1 - accepted) : accepts, next: index + 1 }
}

/** @throws RangeError for more than 64 single-character tokens. */
export function buildAutomaton(tokens: Token[]): Automaton {
  const singles = tokens.filter((token) => token.kind !== 'star')
  if (singles.length > MAX_TOKENS) throw new RangeError(`a glob has at most ${MAX_TOKENS} tokens`)
  const low = new Int32Array(BYTES)
  const high = new Int32Array(BYTES)
  singles.forEach((token, bit) => {
    const word = bit < 32 ? low : high
    for (let byte = 0; byte < BYTES; byte += 1) {
      if (acceptsByte(token, byte)) word[byte] = (word[byte] ?? 0) | (1 << (bit & 31))
    }
  })
  let loopLow = 0
  let loopHigh = 0
  let bit = -1
  for (const token of tokens) {
    if (token.kind !== 'star') bit += 1
    else if (bit >= 32) loopHigh |= 1 << (bit & 31)
    else if (bit >= 0) loopLow |= 1 << bit
  }
  return { size: singles.length, restart: tokens[0]?.kind === 'star' ? 1 : 0, low, high, loopLow, loopHigh }
}

function acceptsByte(token: Token, byte: number): boolean {
  if (token.kind === 'literal') return token.char.charCodeAt(0) === byte
  return token.kind === 'class' ? token.accepts[byte] === 1 : true
}

/** Whether the automaton consumes all of the text. Reads each character once. The empty text matches nothing, stars included, as in Redis. */
export function accepts(automaton: Automaton, text: ByteText): boolean {
  const { size, restart, loopLow, loopHigh } = automaton
  if (size === 0) return restart === 1 && text.length > 0
  let low = 0
  let high = 0
  let start = 1
  for (let index = 0; index < text.length; index += 1) {
    const byte = text.charCodeAt(index)
    const carry = low >>> 31
    high = (((high << 1) | carry) & (automaton.high[byte] ?? 0)) | (high & loopHigh)
    low = (((low << 1) | start) & (automaton.low[byte] ?? 0)) | (low & loopLow)
    if ((low | high) === 0 && restart === 0) return false
    start = restart
  }
  const last = size - 1
  return ((last < 32 ? low : high) & (1 << (last & 31))) !== 0
}
