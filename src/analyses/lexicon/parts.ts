// Finds what the dictionary knows in a text, and its clauses with what each counts for.
import type { Dictionary, Entry } from './dictionary.ts'
import type { Token } from './tokens.ts'

/** A word or phrase of the dictionary in the text, or a movement with its thing. */
export interface Part {
  entry: Entry
  /** Its place among the parts. */
  index: number
  /** Its tokens: the first, and the one behind the last. */
  from: number
  to: number
  clause: number
  sentence: number
  /** What it adds; null where it adds nothing by itself. */
  weight: number | null
  /** Of a movement: the thing that moves, which then adds nothing alone. */
  thing: Part | null
  /** Of a thing: what moves it. */
  mover: Part | null
  /** It adds nothing: it moves, or what it says is said already. */
  isTaken: boolean
}

/** What stands before a contrast counts for this much. */
const BEFORE_CONTRAST = 0.5

export function readParts(
  tokens: readonly Token[],
  dictionary: Dictionary,
): { parts: Part[]; factors: number[] } {
  const parts: Part[] = []
  /** By clause. */
  const factors = [1]
  let [clause, sentence, firstOfSentence] = [0, 0, 0]
  const begin = (factor: number): void => {
    clause += 1
    factors.push(factor)
  }
  for (let at = 0; at < tokens.length;) {
    const divides = tokens[at]?.break
    if (divides !== 'none' && at > 0) begin(1)
    const found = dictionary.find(tokens, at)
    const contrasts = found?.entry.role === 'contrast'
    if (divides === 'sentence' && at > 0) {
      sentence += 1
      // One that begins with a contrast is about the sentence before it.
      if (!contrasts) firstOfSentence = clause
    }
    if (found === null) {
      at += 1
      continue
    }
    const { entry, length } = found
    if (entry.role === 'clause') begin(entry.factor)
    if (contrasts) {
      for (let before = firstOfSentence; before <= clause; before += 1)
        factors[before] = (factors[before] ?? 1) * BEFORE_CONTRAST
      begin(1)
      firstOfSentence = clause
    }
    if (entry.role !== 'nothing')
      parts.push({
        entry,
        index: parts.length,
        from: at,
        to: at + length,
        clause,
        sentence,
        weight: weightOf(entry),
        thing: null,
        mover: null,
        isTaken: false,
      })
    at += length
  }
  return { parts, factors }
}

function weightOf(entry: Entry): number | null {
  if (entry.role === 'value' || entry.role === 'thing' || entry.role === 'move') return entry.weight
  return entry.role === 'negator' && entry.weight !== 0 ? entry.weight : null
}
