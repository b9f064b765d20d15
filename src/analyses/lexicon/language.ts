// English or French, by the little words, and by whose dictionary knows more.
import { ENGLISH } from './english.ts'
import { FRENCH } from './french.ts'
import type { Token } from './tokens.ts'

export type Language = 'en' | 'fr'

/** More tokens make nobody surer. */
const LOOKED_AT = 50
const LITTLE_WORD = 2

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '))
const LITTLE_WORDS: Record<Language, ReadonlySet<string>> = {
  en: words(
    'the of to in and for as is are was were at by with from it its that this after amid has have be will said over',
  ),
  fr: words(
    'le la les de du des et un une l d au aux pour sur qui que est sont ses sa son dans par en ne n s se plus il elle avec',
  ),
}

/** Letters that English writes in names at most. */
const ACCENTED = /[àâçèéêëîïôùûœ]/i

/** @param text whose tokens they are. */
export function guessLanguage(tokens: readonly Token[], text: string): Language {
  let [english, french] = [0, 0]
  for (const { word, from, to } of tokens.slice(0, LOOKED_AT)) {
    if (ACCENTED.test(text.slice(from, to))) french += 1
    english += (LITTLE_WORDS.en.has(word) ? LITTLE_WORD : 0) + Number(ENGLISH.knows(word))
    french += (LITTLE_WORDS.fr.has(word) ? LITTLE_WORD : 0) + Number(FRENCH.knows(word))
  }
  return french > english ? 'fr' : 'en'
}
