// Cuts a text into words. Linear in its length, whatever is in it; by a table of characters, as this is half of what an analysis costs.

export interface Token {
  /** As it is looked up: lower case, without accents. */
  word: string
  /** Where it stands in the normalised text. */
  from: number
  to: number
  /** What stands in front of it: nothing that divides, something that divides clauses, or the end of a sentence. */
  break: 'none' | 'clause' | 'sentence'
}

/** Blanks, apostrophes, hyphens and the like part words and no more: `l'emploi`, `sell-off`, `isn't`. */
const CLASS = { other: 0, word: 1, digit: 2, clause: 3, sentence: 4, point: 5, comma: 6 }
const PUNCTUATION: Record<string, number> = {
  ';': CLASS.sentence,
  '!': CLASS.sentence,
  '?': CLASS.sentence,
  '…': CLASS.sentence,
  '\n': CLASS.sentence,
  ':': CLASS.clause,
  '(': CLASS.clause,
  ')': CLASS.clause,
  '–': CLASS.clause,
  '—': CLASS.clause,
  '.': CLASS.point,
  ',': CLASS.comma,
}
const CLASSES = classes()
const FIRST_BEYOND_ASCII = 0x80

function classes(): Uint8Array {
  const table = new Uint8Array(0x1_0000)
  const isWord = /[\p{L}\p{M}\p{N}]/u
  for (let code = 0; code < table.length; code += 1) {
    const character = String.fromCharCode(code)
    if (character >= '0' && character <= '9') table[code] = CLASS.digit
    else if (isWord.test(character)) table[code] = CLASS.word
    else table[code] = PUNCTUATION[character] ?? CLASS.other
  }
  return table
}

/** @param text in NFC. */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  const classAt = (at: number): number => CLASSES[text.charCodeAt(at)] ?? CLASS.other
  let divides: Token['break'] = 'none'
  for (let at = 0; at < text.length;) {
    const found = classAt(at)
    if (found === CLASS.word || found === CLASS.digit) {
      const from = at
      let isPlain = true
      // Numbers keep their separators, so that `1,5` divides no clause.
      for (
        let kind = found;
        kind === CLASS.word || kind === CLASS.digit || isSeparator(at);
        kind = classAt(at)
      ) {
        if (text.charCodeAt(at) >= FIRST_BEYOND_ASCII) isPlain = false
        at += 1
      }
      const lower = text.slice(from, at).toLowerCase()
      tokens.push({ word: isPlain ? lower : withoutAccents(lower), from, to: at, break: divides })
      divides = 'none'
      continue
    }
    // A point ends a sentence in front of a blank, and at the end.
    const ends = found === CLASS.sentence || (found === CLASS.point && !(text.charCodeAt(at + 1) > BLANK))
    if (ends) divides = 'sentence'
    else if ((found === CLASS.clause || found === CLASS.comma) && divides === 'none') divides = 'clause'
    at += 1
  }
  return tokens

  function isSeparator(at: number): boolean {
    const kind = classAt(at)
    return (
      (kind === CLASS.point || kind === CLASS.comma) &&
      classAt(at - 1) === CLASS.digit &&
      classAt(at + 1) === CLASS.digit
    )
  }
}

const BLANK = 0x20

/** Headlines in capitals have none, nor ligatures. */
function withoutAccents(lower: string): string {
  return lower
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replaceAll('œ', 'oe')
    .replaceAll('æ', 'ae')
}
