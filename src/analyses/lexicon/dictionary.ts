// A dictionary of words and phrases, looked up by the longest that begins at a word.
import { formsOf, type Inflect } from './inflection.ts'
import { tokenise, type Token } from './tokens.ts'

/** What a word or phrase does in a sentence. */
export type Entry =
  /** It is good or bad as such. */
  | { role: 'value'; weight: number; isComparison?: true }
  /** It is what goes up or down: good when it goes up (sign 1: profits), or bad (sign -1: unemployment). Alone it has `weight`. */
  | { role: 'thing'; sign: 1 | -1; weight: number }
  /**
   * Up (above 0) or down. It finds its thing to the left first, or to the right; a phase (`deepens`) moves other movements as well (`the slump
   * deepens`), a level (`record low`) says more of a thing that moves already (`falls to a record low`).
   */
  | { role: 'move'; weight: number; seeks: Seeks }
  /** It turns the next value by `factor`. `only`: where a `ne` stands before it; otherwise a degree. `unless`: not before a comparison. */
  | { role: 'negator'; factor: number; weight: number; reach: number; only?: 'after ne'; unless?: 'compared' }
  | { role: 'degree'; factor: number; isComparison?: true }
  /** What follows counts more, what stands before it less. */
  | { role: 'contrast' }
  /** Its clause counts for `factor`. */
  | { role: 'clause'; factor: number }
  | { role: 'ne' }
  /** It hides what its words would say otherwise. */
  | { role: 'nothing' }

interface Node {
  entry: Entry | null
  next: Map<string, Node> | null
}

export interface Found {
  entry: Entry
  /** How many tokens it takes. */
  length: number
}

export type Seeks = 'left' | 'right' | 'phase' | 'level'

export class Dictionary {
  readonly #words = new Map<string, Node>()

  /** Phrases are parted by commas or line ends. What is added later replaces what was there. */
  add(entry: Entry, phrases: string, inflect: Inflect): this {
    for (const phrase of phrases.split(/[,\n]/)) {
      const trimmed = phrase.trim()
      if (trimmed !== '') for (const form of formsOf(trimmed, inflect)) this.#put(tokenise(form), entry)
    }
    return this
  }

  knows(word: string): boolean {
    return this.#words.has(word)
  }

  /** The longest entry that begins at token `at` and that no punctuation divides. */
  find(tokens: readonly Token[], at: number): Found | null {
    let node = this.#words.get(tokens[at]?.word ?? '')
    if (node === undefined) return null
    let found: Found | null = node.entry === null ? null : { entry: node.entry, length: 1 }
    for (let length = 2; node.next !== null; length += 1) {
      const token = tokens[at + length - 1]
      if (token === undefined || token.break !== 'none') break
      node = node.next.get(token.word)
      if (node === undefined) break
      if (node.entry !== null) found = { entry: node.entry, length }
    }
    return found
  }

  #put(words: readonly Token[], entry: Entry): void {
    let level = this.#words
    words.forEach(({ word }, index) => {
      const node = level.get(word) ?? { entry: null, next: null }
      level.set(word, node)
      if (index === words.length - 1) node.entry = entry
      else level = node.next ??= new Map<string, Node>()
    })
  }
}
