// Forms of the words of the dictionaries, as far as news uses them. In the notation of these, `word*` is a verb, `word+` a noun or an
// adjective, and `one|other` stands for either; everything else is as it is.

export type Inflect = (word: string, kind: '*' | '+') => string[]

/** Every form of a phrase: each of its words in each of its forms. */
export function formsOf(phrase: string, inflect: Inflect): string[] {
  return phrase
    .split(/\s+/)
    .map((word) => word.split('|').flatMap((one) => formsOfWord(one, inflect)))
    .reduce(
      (starts, words) => starts.flatMap((start) => words.map((word) => `${start} ${word}`.trim())),
      [''],
    )
}

function formsOfWord(word: string, inflect: Inflect): string[] {
  const kind = word.at(-1)
  return kind === '*' || kind === '+' ? inflect(word.slice(0, -1), kind) : [word]
}

const ENDS_IN_SIBILANT = /(?:s|x|z|ch|sh)$/
/** One vowel and one consonant at the end of a word that is stressed there: all of the dictionary's of one syllable are. */
const DOUBLES = /^[^aeiou]*[aeiou][bdgmnprt]$/

/** English: regular forms; irregular ones are written out in the dictionary. */
export function inflectEnglish(word: string, kind: '*' | '+'): string[] {
  const isYWord = /[^aeiou]y$/.test(word)
  const stem = isYWord ? `${word.slice(0, -1)}i` : word
  const third = `${stem}${isYWord || ENDS_IN_SIBILANT.test(word) ? 'es' : 's'}`
  if (kind === '+') return [word, third]
  if (word.endsWith('e')) return [word, third, `${word}d`, `${word.slice(0, -1)}ing`]
  const doubled = DOUBLES.test(word) ? `${word}${word.slice(-1)}` : word
  return [word, third, `${DOUBLES.test(word) ? doubled : stem}ed`, `${doubled}ing`]
}

const PRESENT_AND_PAST = {
  er: [
    'e',
    'es',
    'ent',
    'ons',
    'er',
    'é',
    'ée',
    'és',
    'ées',
    'ant',
    'ait',
    'aient',
    'a',
    'èrent',
    'era',
    'eront',
    'erait',
    'eraient',
  ],
  ir: [
    'it',
    'is',
    'issent',
    'ir',
    'i',
    'ie',
    'ies',
    'issant',
    'issait',
    'issaient',
    'irent',
    'ira',
    'iront',
    'irait',
    'iraient',
  ],
  re: [
    '',
    's',
    'ent',
    're',
    'u',
    'ue',
    'us',
    'ues',
    'ant',
    'ait',
    'aient',
    'it',
    'irent',
    'ra',
    'ront',
    'rait',
    'raient',
  ],
}

/** French: verbs in -er, -ir as finir and -re as perdre; plurals and feminines of nouns and adjectives. Others are written out. */
export function inflectFrench(word: string, kind: '*' | '+'): string[] {
  if (kind === '*') {
    const ending = word.slice(-2) as keyof typeof PRESENT_AND_PAST
    const stem = word.slice(0, -2)
    // Before a and o, g keeps its sound by an e; c by a cedilla, which is folded away.
    const soft = stem.endsWith('g') && ending === 'er' ? `${stem}e` : stem
    return PRESENT_AND_PAST[ending].map((end) => `${/^[ao]/.test(end) ? soft : stem}${end}`)
  }
  if (/eux$/.test(word)) return [word, `${word.slice(0, -1)}se`, `${word.slice(0, -1)}ses`]
  if (/eur$/.test(word)) return [word, `${word}s`, `${word.slice(0, -1)}se`, `${word.slice(0, -1)}ses`]
  if (/[sx]$/.test(word)) return [word, `${word}e`, `${word}es`]
  if (/eau$|eu$/.test(word)) return [word, `${word}x`]
  if (/al$/.test(word)) return [word, `${word.slice(0, -1)}ux`, `${word}e`, `${word}es`]
  if (/if$/.test(word)) return [word, `${word}s`, `${word.slice(0, -1)}ve`, `${word.slice(0, -1)}ves`]
  if (/[eo][nl]$/.test(word))
    return [word, `${word}s`, `${word}${word.slice(-1)}e`, `${word}${word.slice(-1)}es`]
  if (/e$/.test(word)) return [word, `${word}s`]
  return [word, `${word}s`, `${word}e`, `${word}es`]
}
