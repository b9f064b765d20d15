// What this instance knows of the clear log, and the judgement of entries by it. Everything the cache serves passes `judge`.
import type { Clear, LogReading, Selector } from './clear-log.ts'
import { compileSelector, type Matches } from './selector.ts'

/** valid: as good as new. expired: may stand in for a load that fails. dead: must never be answered again. */
export type Verdict = 'valid' | 'expired' | 'dead'

/** When a load began, as the clear log counts time. An entry is one. */
export interface Moment {
  epoch: string
  position: number
  /** How many owed clears had come before. Entries do without: nothing is kept that an owed clear selects. */
  owedSeen?: number
}

/** What is judged: when its load began, and its tags, or for a load still running all that it may come to have. */
export interface Judged extends Moment {
  tags?: readonly string[]
  /** The position up to which it was found valid before: its own unless given. Clears up to there need not be looked at again, nor be known. */
  validThrough?: number
}

interface KnownClear {
  seq: number
  soft: boolean
  matches: Matches
}

/** Past these the oldest are given up and everything loaded before them with it. */
const KEPT_CLEARS = 1000
const NO_TAGS: readonly string[] = []

export class ClearHistory {
  /** Changes with everything that could change a verdict; an entry judged at this version need not be judged again. */
  version = 0
  /** Called when what was valid before may be so no more, and can be loaded anew. */
  onChange: () => void = () => undefined
  #epoch = ''
  #position = 0
  /** Entries loaded before this position are dead: the clears up to it are not known one by one. */
  #floor = 0
  #clears: KnownClear[] = []
  #owed: KnownClear[] = []
  #owedSeen = 0

  /** The newest clear applied here. */
  get position(): number {
    return this.#position
  }

  /** What a load that begins now has seen. */
  get moment(): Required<Moment> {
    return { epoch: this.#epoch, position: this.#position, owedSeen: this.#owedSeen }
  }

  /** Takes over what the log said. Another epoch is another log: nothing judged by the old one can be trusted. */
  apply(reading: LogReading): void {
    const [epochBefore, positionBefore, floorBefore] = [this.#epoch, this.#position, this.#floor]
    if (reading.epoch !== this.#epoch) {
      // Read from a position that meant something else: what was cleared before in this log is not known one by one.
      this.#floor = this.#epoch === '' ? 0 : reading.seq
      this.#epoch = reading.epoch
      this.#position = 0
      this.#clears = []
    }
    for (const clear of reading.clears) {
      // Readings of concurrent clears overlap.
      if (clear.seq > this.#position) this.#clears.push(known(clear))
    }
    this.#position = Math.max(this.#position, reading.seq)
    this.#floor = Math.max(this.#floor, reading.floor, this.#clears.at(-KEPT_CLEARS - 1)?.seq ?? 0)
    // Most readings bring nothing, and nothing need be judged anew for them.
    if (epochBefore === this.#epoch && positionBefore === this.#position && floorBefore === this.#floor)
      return
    this.#clears = this.#clears.filter((clear) => clear.seq > this.#floor)
    this.version++
    this.onChange()
  }

  /** A clear that the log could not take yet: until `settle`, whatever it selects is dead here, however young. */
  owe(selector: Selector): () => void {
    const clear = known({ ...selector, seq: ++this.#owedSeen, soft: false })
    this.#owed.push(clear)
    this.version++
    return () => {
      this.#owed = this.#owed.filter((other) => other !== clear)
      this.version++
      this.onChange()
    }
  }

  /** Whether an owed clear selects the key, so that nothing loaded for it could be kept. */
  owes(key: string, tags: readonly string[] = NO_TAGS): boolean {
    return this.#owed.some((clear) => clear.matches(key, tags))
  }

  /** The position that a load has to have seen for its body to be valid: that of the newest clear of the key. */
  needed(key: string, tags: readonly string[] = NO_TAGS): number {
    return this.#clears.findLast((clear) => clear.matches(key, tags))?.seq ?? this.#floor
  }

  /** Whether a body of `key` whose load began at a moment may be answered now. */
  judge(
    key: string,
    { epoch, position, owedSeen = 0, tags = NO_TAGS, validThrough = position }: Judged,
  ): Verdict {
    if (epoch !== this.#epoch || validThrough < this.#floor) return 'dead'
    if (this.#owed.some((clear) => clear.seq > owedSeen && clear.matches(key, tags))) return 'dead'
    let verdict: Verdict = 'valid'
    // Newest first: an entry is usually younger than all but the last few.
    for (let index = this.#clears.length - 1; index >= 0; index--) {
      const clear = this.#clears[index]
      if (clear === undefined || clear.seq <= validThrough) break
      if (!clear.matches(key, tags)) continue
      if (!clear.soft) return 'dead'
      verdict = 'expired'
    }
    return verdict
  }
}

function known(clear: Clear): KnownClear {
  return { seq: clear.seq, soft: clear.soft, matches: matcherOf(clear) }
}

/** What another release wrote and this one cannot read selects everything: too much is cleared rather than too little. */
function matcherOf(selector: Selector): Matches {
  try {
    return compileSelector(selector)
  } catch {
    return () => true
  }
}
