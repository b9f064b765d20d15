// Judges what instances answer while clears run: whoever asks after a clear has answered must get at least what was committed before it began.

/** What one read has to bring. */
interface Bounds {
  /** However it is marked. */
  always: number
  /** Unless it is marked STALE by an instance that cannot reach the clear log. */
  unlessStale: number
}

export interface OpenRead {
  /** @param from what `X-Cache` says. */
  got(version: number, from: string): void
  /** Answered otherwise than with a version. */
  failed(status: number): void
}

export interface OpenClear {
  /** It has answered that it holds on the whole fleet, or is known to do so now. */
  holdsEverywhere(): void
  /** It has answered that it holds on this instance. */
  holdsOn(instance: number): void
}

/**
 * Calls come in the order of the events: a read or a clear begins before its first byte is sent, and is over when its answer is there. So the order of
 * the calls is all the time there is here, and a violation is one whatever the clocks say.
 */
export class ClearChecker {
  readonly violations: string[] = []
  reads = 0
  /** Reads by what they were marked with. */
  readonly from: Record<string, number> = {}
  /** Reads during which a clear of what they asked for answered. */
  overtaken = 0
  /** Those of them that brought what was there before that clear: they had begun before, and may. */
  overtakenAndOlder = 0
  /** Older than a clear, and excused: marked STALE by an instance cut off from the clear log. */
  excused = 0
  clears = 0
  readonly #instances: number
  readonly #excusesStale: boolean
  readonly #committed = new Map<string, number>()
  readonly #bounds = new Map<string, Bounds>()
  readonly #cutOff = new Set<number>()
  readonly #cuts: number[]

  /** @param options.excusesStale where any instance may be late with its lease, and says STALE then. */
  constructor(instances: number, { excusesStale = false } = {}) {
    this.#instances = instances
    this.#excusesStale = excusesStale
    this.#cuts = Array.from({ length: instances }, () => 0)
  }

  /** A write of this version has been committed; versions of a subject only grow. */
  committed(subject: string, version: number): void {
    this.#committed.set(subject, version)
  }

  /** Before the instance loses the clear log. */
  cutOff(instance: number): void {
    this.#cutOff.add(instance)
    this.#cuts[instance]!++
  }

  /** The instance has shown that it has the clear log again: its STALE is no excuse from now on. */
  reaches(instance: number): void {
    this.#cutOff.delete(instance)
  }

  clearBegins(selects: (subject: string) => boolean): OpenClear {
    this.clears++
    const least = [...this.#committed].filter(([subject]) => selects(subject))
    const wasCutOff = Array.from({ length: this.#instances }, (_, instance) => this.#watch(instance))
    const hold = (instance: number, mark: keyof Bounds): void => {
      for (const [subject, version] of least) {
        const bounds = this.#boundsOf(instance, subject)
        bounds[mark] = Math.max(bounds[mark], version)
      }
    }
    return {
      holdsEverywhere: () =>
        wasCutOff.forEach((was, instance) =>
          hold(instance, was() || this.#excusesStale ? 'unlessStale' : 'always'),
        ),
      holdsOn: (instance) => hold(instance, 'always'),
    }
  }

  readBegins(instance: number, subject: string): OpenRead {
    const bounds = this.#boundsOf(instance, subject)
    const { always, unlessStale } = bounds
    const wasCutOff = this.#watch(instance)
    return {
      got: (version, from) => {
        this.reads++
        this.from[from] = (this.from[from] ?? 0) + 1
        const now = Math.max(bounds.always, bounds.unlessStale)
        if (now > Math.max(always, unlessStale)) {
          this.overtaken++
          if (version < now) this.overtakenAndOlder++
        }
        if (version >= Math.max(always, unlessStale)) return
        // Not a number at all is no version either.
        if (version >= always && from === 'STALE' && (wasCutOff() || this.#excusesStale)) this.excused++
        else
          this.violations.push(
            `instance ${instance} answered ${version} of ${subject} (${from}) after a clear of ${Math.max(always, unlessStale)}`,
          )
      },
      failed: (status) => {
        if (wasCutOff() && status === 503) return
        this.violations.push(`instance ${instance} answered ${status} for ${subject}`)
      },
    }
  }

  /** Tells, when asked, whether the instance was cut off at any moment since. */
  #watch(instance: number): () => boolean {
    const [was, cuts] = [this.#cutOff.has(instance), this.#cuts[instance]]
    return () => was || this.#cuts[instance] !== cuts
  }

  #boundsOf(instance: number, subject: string): Bounds {
    const place = `${instance} ${subject}`
    const bounds = this.#bounds.get(place) ?? { always: -Infinity, unlessStale: -Infinity }
    this.#bounds.set(place, bounds)
    return bounds
  }
}
