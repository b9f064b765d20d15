// Judges what instances answer while data changes: whole transactions only, none that was never committed, and nothing older than a bound.

interface Commit {
  version: number
  at: number
}

export interface Bounds {
  /** Milliseconds after its commit from which on only a version or a later one is right. */
  fresh: number
  /** The same for an answer that is marked STALE. */
  stale: number
}

export class ChangeChecker {
  readonly violations: string[] = []
  /** Of answers that a commit had overtaken before they were asked for: for how long, in milliseconds. */
  readonly ages: number[] = []
  readonly from: Record<string, number> = {}
  reads = 0
  readonly #bounds: Bounds
  /** By subject, ascending. */
  readonly #commits = new Map<string, Commit[]>()
  /** Those that a reader may see, since their commit has been sent. */
  readonly #sent = new Map<string, Set<number>>()

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  /** From now on a version may be seen; call what comes back when it is committed. A subject has one writer. */
  committing(subject: string, version: number): () => void {
    this.#of(this.#sent, subject, () => new Set()).add(version)
    return () => {
      this.#of(this.#commits, subject, () => []).push({ version, at: performance.now() })
    }
  }

  newest(subject: string): number | undefined {
    return this.#commits.get(subject)?.at(-1)?.version
  }

  /** @returns what takes the versions that the rows of an answer show. */
  readBegins(subject: string): (versions: readonly number[], from: string) => void {
    const began = performance.now()
    return (versions, from) => {
      this.reads++
      this.from[from] = (this.from[from] ?? 0) + 1
      const [version] = versions
      const complain = (what: string): void =>
        void this.violations.push(`${subject} (${from}): ${versions.join(' ')}: ${what}`)
      if (version === undefined || versions.some((other) => other !== version)) {
        complain('half of a transaction')
        return
      }
      if (!this.#sent.get(subject)?.has(version)) complain('never committed')
      const overtaking = this.#commits.get(subject)?.find((commit) => commit.version > version)
      if (overtaking === undefined || overtaking.at > began) return
      const age = began - overtaking.at
      if (from !== 'STALE') this.ages.push(age)
      if (age > (from === 'STALE' ? this.#bounds.stale : this.#bounds.fresh))
        complain(`${Math.round(age)} ms after ${overtaking.version} was committed`)
    }
  }

  #of<Value>(map: Map<string, Value>, subject: string, make: () => Value): Value {
    const value = map.get(subject) ?? make()
    map.set(subject, value)
    return value
  }
}
