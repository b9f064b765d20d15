// Which thing goes which way: `unemployment falls` is good news, `losses widen` is bad.
import type { Part } from './parts.ts'
import type { Token } from './tokens.ts'

/** In tokens. A movement looks this far for its thing. */
const REACH = { left: 9, right: 5, rightOfParticiple: 1 }
/** `rise in`, `hausse des`: what moves comes next. */
const LINKS = new Set(['in', 'of', 'de', 'des', 'du', 'd'])
/** `tensions sur le marché`, `fears of a slowdown in growth`: what is named first is what moves. */
const ABOUT = new Set('of in on over about for de des du d sur pour dans au aux'.split(' '))
const HEAD_REACH = 3
/** What else says the same of something bad that goes away says nothing more: `fears of a hard landing fade`. */
const NEARBY = 6

/** Gives each movement its thing, and the sign that this makes. */
export function bindMovements(parts: Part[], tokens: readonly Token[]): void {
  // Those that name their thing behind them first: with it they are a thing themselves, which may move again (`la hausse des prix ralentit`).
  for (const byLink of [true, false]) {
    parts.forEach((part, index) => {
      if (part.entry.role !== 'move' || part.thing !== null || part.isTaken) return
      const isLinked = LINKS.has(tokens[part.to]?.word ?? '') && tokens[part.to]?.break === 'none'
      if (byLink && !isLinked) return
      const thing = findThing(parts, index, tokens, byLink)
      if (thing !== null) bind(parts, part, index, thing)
    })
  }
}

function findThing(
  parts: readonly Part[],
  index: number,
  tokens: readonly Token[],
  byLink: boolean,
): Part | null {
  const part = parts[index]
  if (part?.entry.role !== 'move') return null
  const right = (reach: number): Part | null => nearest(parts, index, 1, reach)
  const left = (): Part | null => headOf(parts, nearest(parts, index, -1, REACH.left), tokens)
  if (byLink) return right(REACH.right)
  const { seeks } = part.entry
  if (seeks === 'level') return left()
  if (seeks === 'right') return right(REACH.right) ?? left()
  const isParticiple = tokens[part.from]?.word.endsWith('ing') === true
  return (isParticiple ? right(REACH.rightOfParticiple) : null) ?? left() ?? right(REACH.right - 1)
}

/** What is named with it: in `fears over growth fade`, it is fears that fade. */
function headOf(parts: readonly Part[], thing: Part | null, tokens: readonly Token[]): Part | null {
  if (thing?.entry.role !== 'thing' || thing.entry.sign < 0) return thing
  const head = parts[thing.index - 1]
  if (head?.entry.role !== 'thing' || head.isTaken || head.clause !== thing.clause) return thing
  return head.entry.sign < 0 && thing.from - head.to <= HEAD_REACH && ABOUT.has(tokens[head.to]?.word ?? '')
    ? head
    : thing
}

/** The nearest thing of the same clause to the left (-1) or right (1) that has not moved yet. */
function nearest(parts: readonly Part[], index: number, step: 1 | -1, reach: number): Part | null {
  const part = parts[index]
  if (part?.entry.role !== 'move') return null
  const { seeks } = part.entry
  for (let at = index + step; ; at += step) {
    const other = parts[at]
    if (other === undefined || other.clause !== part.clause) return null
    if ((step === 1 ? other.from - part.to : part.from - other.to) > reach) return null
    if (other.entry.role === 'thing' && (!other.isTaken || seeks === 'level')) return other
    if (other.isTaken || other.entry.role !== 'move' || seeks === 'level') continue
    // One that has its thing is a thing to those behind it; one without is where another statement begins. A third one moves neither.
    const isThing = other.thing === null ? seeks === 'phase' : other.thing.entry.role === 'thing'
    return step === -1 && isThing ? other : null
  }
}

function bind(parts: readonly Part[], part: Part, index: number, thing: Part): void {
  if (part.entry.role !== 'move') return
  const sign = thing.entry.role === 'thing' ? thing.entry.sign : Math.sign(thing.weight ?? 1)
  part.thing = thing
  part.weight = part.entry.weight * sign
  thing.isTaken = true
  thing.mover ??= part
  const step = thing.from < part.from ? -1 : 1
  for (let at = index + step; Math.abs(at - index) <= NEARBY; at += step) {
    const other = parts[at]
    if (other === undefined || other.clause !== part.clause) return
    // Something good is described behind its name (`hopes for a rate cut`), something bad in front of it as well (`fears of default`).
    if (other === thing && sign > 0) return
    const isSameAgain = other.entry.role === 'thing' || other.entry.role === 'value'
    if (isSameAgain && (other.weight ?? 0) * sign > 0) other.isTaken = true
  }
}
