// What negations, degrees and clauses do to the weights of what they bear on.
import type { Part } from './parts.ts'

/** A degree bears on what stands this close behind it, or directly before it. */
const DEGREE_REACH = 2
/** `ne` and what completes it. */
const NE_REACH = 5

/** Turns and scales what negators, degrees and clauses bear on. Afterwards `weight` is what a part adds to the text. */
export function modify(parts: readonly Part[], factors: readonly number[]): void {
  parts.forEach((part, index) => {
    const { entry } = part
    if (entry.role === 'degree') scale(degreeTarget(parts, index), entry.factor)
    if (entry.role !== 'negator') return
    if (entry.only === 'after ne' && !followsNe(parts, index)) return
    scale(negated(parts, index), entry.factor)
  })
  for (const part of parts) scale(part, factors[part.clause] ?? 1)
}

function scale(part: Part | null, factor: number): void {
  if (part !== null && part.weight !== null) part.weight *= factor
}

function adds(part: Part): boolean {
  return !part.isTaken && part.weight !== null && part.weight !== 0
}

function negated(parts: readonly Part[], index: number): Part | null {
  const part = parts[index]
  if (part?.entry.role !== 'negator') return null
  for (let at = index + 1; ; at += 1) {
    const other = parts[at]
    if (other === undefined || other.clause !== part.clause || other.from - part.to > part.entry.reach)
      return null
    if (part.entry.unless === 'compared' && 'isComparison' in other.entry) return null
    if (adds(other)) return other
    // `cuts no jobs`, `ne supprime aucun poste`
    if (other.mover !== null && adds(other.mover)) return other.mover
  }
}

function degreeTarget(parts: readonly Part[], index: number): Part | null {
  const part = parts[index]
  const [before, after] = [parts[index - 1], parts[index + 1]]
  if (part === undefined) return null
  const isBefore =
    before !== undefined && before.clause === part.clause && adds(before) && before.to === part.from
  if (isBefore && before.entry.role === 'move') return before
  if (
    after !== undefined &&
    after.clause === part.clause &&
    adds(after) &&
    after.from - part.to <= DEGREE_REACH
  )
    return after
  return isBefore ? before : null
}

function followsNe(parts: readonly Part[], index: number): boolean {
  const part = parts[index]
  for (let at = index - 1; part !== undefined; at -= 1) {
    const other = parts[at]
    if (other === undefined || other.clause !== part.clause || part.from - other.to > NE_REACH) return false
    if (other.entry.role === 'ne') return true
  }
  return false
}
