// Names of JSON fields, as indifferent to case and blanks around as those of CSV columns.
import type { RowProblem } from './formats.ts'
import type { Notes } from './notes.ts'
import { namesText } from './wording.ts'

/** So many spellings are remembered; an input could have new ones in each record. */
const SPELLINGS_KEPT = 1000

/** Returns the record by the names that are known, or what is wrong with them. */
export type ReadFields = (record: object) => { fields: Record<string, unknown> } | RowProblem

/** @param notes gets the names that mean nothing. */
export function fieldReader(known: ReadonlySet<string>, notes: Notes): ReadFields {
  /** Of each spelling that is no name itself: the name that it means, if any. */
  const meant = new Map<string, string | null>()
  const nameOf = (spelling: string): string | null => {
    const remembered = meant.get(spelling)
    if (remembered !== undefined) return remembered
    const folded = foldName(spelling)
    const name = known.has(folded) ? folded : null
    if (name === null) notes.ignore(spelling)
    if (meant.size < SPELLINGS_KEPT) meant.set(spelling, name)
    return name
  }
  return (record) => {
    const spellings = Object.keys(record)
    const fields = record as Record<string, unknown>
    // Names that mean nothing may stay: nobody asks for them.
    if (!spellings.some((spelling) => !known.has(spelling) && nameOf(spelling) !== null)) return { fields }
    const folded: Record<string, unknown> = {}
    for (const spelling of spellings) {
      const name = known.has(spelling) ? spelling : nameOf(spelling)
      if (name === null) continue
      if (Object.hasOwn(folded, name)) return { field: name, reason: 'is there more than once' }
      folded[name] = fields[spelling]
    }
    return { fields: folded }
  }
}

/** `Date`, ` date` and `DATE` are the same name. */
export function foldName(spelling: string): string {
  return spelling.trim().toLowerCase()
}

/** What to say where a field is missing: it may be one of those that nobody knows. */
export function missingReason(record: object, known: ReadonlySet<string>): string {
  const others = Object.keys(record).filter((name) => !known.has(foldName(name)))
  return others.length === 0 ? 'is missing' : `is missing; the record has ${namesText(others)}`
}
