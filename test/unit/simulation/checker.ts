// The promises, held against every answer. It knows what nobody in the world can know: when each load and each clear really took place.
//
// 1. No resurrection. A request that began after a clear had answered (200, not pending) gets no body whose load began before the clear was
//    written to the log. A body that breaks this rule is called outdated. It is a violation unless it is marked STALE, and then still one where
//    - the clear was hard and the instance had heard of it before the request began: it must be dead there, whatever fails; or
//    - neither a load of that key failed while the request waited, nor had one kept it waiting for 500 ms, nor was the body's own load still
//      running when the request began: an instance without a lease may share a running load, and says so.
//    A soft clear that is written straight to the log, as a trigger does, answers nobody: it has to hold everywhere 1.02 leases later.
//    A pending clear (202) has to hold on its own instance in the same way, and there even STALE is no excuse.
// 2. A failure reaches those already waiting, never later callers.
// 3. Every request and every clear is answered, unless its process dies.
import { compileSelector, type Matches } from '../../../src/cache/selector.ts'
import { bodyOf, type Answer, type ClearRequest } from '../../../src/cache/index.ts'
import type { Database, LoadRecord } from './database.ts'
import type { Events } from '../../support/events.ts'
import type { Life } from './life.ts'
import type { Note } from './trace.ts'

/** 500 ms by the clock of an instance, in true time. */
const LATE_MS = 500 / 1.006

export interface Request {
  key: string
  life: Life
  /** The moment at which its first byte was sent. */
  began: number
}

export interface ClearRecord {
  request: ClearRequest
  life: Life | null
  matches: Matches
  /** Bodies whose load began before this are outdated: the moment at which it was written, or else asked for. */
  tookPlace: number
  /** The position in the log, once it has one. */
  seq: number | null
  /** From when on that has to hold; and where, if not everywhere. */
  holdsFrom: number
  only: Life | null
}

export class Checker {
  /** The first promise that was broken. */
  violation: { key: string; text: string } | null = null
  readonly outcomes = { HIT: 0, MISS: 0, STALE: 0, BYPASS: 0, failed: 0 }
  /** Outdated answers that were allowed. */
  excused = 0
  readonly #events: Events
  readonly #database: Database
  readonly #note: Note
  readonly #clears: ClearRecord[] = []
  readonly #waiting = new Set<Request | ClearRecord>()

  constructor(events: Events, database: Database, note: Note) {
    this.#events = events
    this.#database = database
    this.#note = note
  }

  requestBegins(key: string, life: Life): Request {
    const request = { key, life, began: this.#events.moment() }
    this.#waiting.add(request)
    return request
  }

  answered(request: Request, { entry, outcome, tier }: Answer): void {
    this.#waiting.delete(request)
    this.outcomes[outcome]++
    const { key, life } = request
    const load = this.#database.loadOf(bodyOf(entry))
    this.#note(
      key,
      () => `${life.name} answers ${outcome} ${tier}: load ${load.id}, at position ${entry.position}`,
    )
    if (load.key !== key) this.#broken(key, `the answer of ${load.key}`)
    for (const clear of this.#clears) {
      if (load.began >= clear.tookPlace || request.began <= clear.holdsFrom) continue
      if (clear.only !== null && clear.only !== life) continue
      if (!clear.matches(key, load.tags)) continue
      const excuse = outcome === 'STALE' ? this.#excuse(request, load, clear) : null
      if (excuse !== null) this.excused++
      else this.#broken(key, `${life.name} answers ${outcome} from before ${nameOf(clear)}`)
    }
  }

  failed(request: Request, error: unknown): void {
    this.#waiting.delete(request)
    this.outcomes.failed++
    const load = this.#database.loads[Number((error as Error).message)]
    this.#note(request.key, () => `${request.life.name} fails: ${String(error)}`)
    if (load === undefined) this.#broken(request.key, `an error that no load threw: ${String(error)}`)
    else if (load.ended < request.began) this.#broken(request.key, `inherits the failure of load ${load.id}`)
  }

  /** @param life of the instance that was asked; null for what is written straight to the log. */
  clearBegins(request: ClearRequest, life: Life | null): ClearRecord {
    const clear = {
      request,
      life,
      matches: compileSelector(request),
      tookPlace: this.#events.moment(),
      seq: null,
      holdsFrom: Infinity,
      only: null,
    }
    this.#clears.push(clear)
    if (life !== null) this.#waiting.add(clear)
    return clear
  }

  clearIsWritten(request: ClearRequest, seq: number): void {
    const clear = this.#clears.find((other) => other.request.actor === request.actor)
    if (clear === undefined) return
    clear.seq = seq
    // One that has answered was pending, and has held on its instance since.
    if (clear.holdsFrom === Infinity) clear.tookPlace = this.#events.moment()
    this.#note(null, () => `${nameOf(clear)} is written`)
  }

  /** @param pendingOn the instance on which it holds, if it is not in the log. */
  clearAnswers(clear: ClearRecord, pendingOn: Life | null = null): void {
    this.#waiting.delete(clear)
    clear.only = pendingOn
    clear.holdsFrom = this.#events.moment()
    this.#note(
      null,
      () => `${nameOf(clear)} holds ${pendingOn === null ? 'everywhere' : `on ${pendingOn.name}`}`,
    )
  }

  /** Whoever asked a process that died gets no answer. */
  died(life: Life): void {
    for (const waiting of this.#waiting) if (waiting.life === life) this.#waiting.delete(waiting)
  }

  /** Nothing will happen any more. */
  end(): void {
    for (const waiting of this.#waiting) {
      const key = 'key' in waiting ? waiting.key : waiting.request.selector
      this.#broken(key, `${waiting.life?.name} never answers`)
    }
  }

  /** Why an outdated answer may be given, since it is marked; null where nothing allows it. */
  #excuse({ key, life, began }: Request, load: LoadRecord, clear: ClearRecord): string | null {
    if (clear.only !== null) return null
    if (!clear.request.soft && life.hadHeardOf(clear.tookPlace, began)) return null
    if (load.ended > began) return 'it shares a load that was running'
    if (life.wasKeptWaiting(key, began, this.#events.now - LATE_MS)) return 'its load is late'
    const failed = this.#database.loads.findLast(
      (other) => other.failed && other.key === key && other.life === life && other.ended !== Infinity,
    )
    return failed !== undefined && failed.ended > began ? 'its load failed' : null
  }

  #broken(key: string, text: string): void {
    this.violation ??= { key, text: `${key}: ${text}` }
    this.#note(key, () => `VIOLATION ${text}`)
  }
}

function nameOf({ request: { actor, kind, selector, soft }, seq }: ClearRecord): string {
  return `${soft ? 'soft' : 'hard'} ${actor} of ${kind} ${selector} (position ${seq ?? 'none'})`
}
