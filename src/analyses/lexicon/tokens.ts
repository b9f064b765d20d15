// Cuts a text into words. Linear in its length, whatever is in it.

export interface Token {
  /** As it is looked up: lower case, without accents. */
  word: string
  /** Where it stands in the normalised text. */
  from: number
  to: number
  /** What stands in front of it: nothing that divides, something that divides clauses, or the end of a sentence. */
  break: 'none' | 'clause' | 'sentence'
}

/** Numbers keep their separators, so that `1,5` divides no clause. Apostrophes and hyphens only part words: `l'emploi`, `sell-off`, `isn't`. */
const PARTS = /\d+(?:[.,]\d+)*|[\p{L}\p{M}\p{N}]+|[,;:()–—!?…\n]|\.(?!\S)/gu
const ENDS_SENTENCE = new Set(['.', '!', '?', '…', ';', '\n'])
const IS_PLAIN = /^[a-z0-9]+$/
const FIRST_LETTER_OR_DIGIT = /^[\p{L}\p{M}\p{N}]/u

/** @param text in NFC. */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  let divides: Token['break'] = 'none'
  for (const match of text.matchAll(PARTS)) {
    const [part] = match
    if (FIRST_LETTER_OR_DIGIT.test(part)) {
      tokens.push({ word: fold(part), from: match.index, to: match.index + part.length, break: divides })
      divides = 'none'
    } else if (ENDS_SENTENCE.has(part)) divides = 'sentence'
    else if (divides === 'none') divides = 'clause'
  }
  return tokens
}

/** Lower case without accents and ligatures: headlines in capitals have none. */
export function fold(word: string): string {
  const lower = word.toLowerCase()
  if (IS_PLAIN.test(lower)) return lower
  return lower
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replaceAll('œ', 'oe')
    .replaceAll('æ', 'ae')
}
