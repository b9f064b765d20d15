// Clears: first the position in the log, which makes old entries worthless everywhere it is known, then the sweep, which frees their room, while
// the other instances acknowledge it.
import type { ClearHistory } from './clear-history.ts'
import type { Appended, ClearLog, ClearOutcome, ClearRequest, Confirmation, Selector } from './clear-log.ts'
import { confirmation } from './confirmation.ts'
import { lookUps, type Counters } from './counters.ts'
import type { MemoryTier } from './memory.ts'
import type { RemoteTier, Sweep } from './remote.ts'
import { compileSelector, type Matches } from './selector.ts'
import { pause, within, type Time } from '../time/time.ts'

export interface ClearResult {
  /** Its position in the log; null while it is owed to that. */
  seq: number | null
  /** Distinct keys that were found in Redis and in this memory. */
  deleted: number
  /** True where the log could not take the clear yet: effective here, owed to it and written as soon as it answers. */
  pending: boolean
  /** False where Redis was away or gave up on the way: what is left there is void by its position and goes by its lifetime. */
  swept: boolean
  /** On which instances it holds; null while it is owed to the log, and holds here alone. */
  instances: Confirmation | null
}

interface ClearingParts {
  log: ClearLog
  history: ClearHistory
  memory: MemoryTier
  redis: RemoteTier | null
  /** How far back clears can still matter to an entry. */
  keepSeconds: number
  /** Of this instance, in the log's list. */
  id: string
  name: string
  time: Time
  counters: Counters
  /** Called when the log did not take a clear, and when it has taken one that was owed: whether it is away is for the lease to find out. */
  onDoubt: () => void
}

type OnWarning = (message: string, error: unknown) => void

export interface ClearOptions {
  /** Why, for the log. */
  reason?: string | undefined
  /** For what goes wrong on the way. */
  onWarning: OnWarning
}

/** A clear that holds here, and that the log could not take yet. */
export interface OwedClear extends ClearRequest {
  /** Milliseconds since the Unix epoch. */
  clearedAt: number
}

interface Owed {
  request: OwedClear
  settle: () => void
  /** What has become of it so far. */
  outcome: () => ClearOutcome
  onWarning: OnWarning
}

/** A clear that the log has taken. */
interface Noted {
  appended: Appended
  /** Where it holds, once it does. */
  instances: Promise<Confirmation>
}

/** A sweep under way. */
interface Sweeping {
  /** What it has done so far. */
  swept: Readonly<Sweep>
  end: Promise<void>
}

const RETRY_MS = 1000
/** A clear that is owed answers within a second, of which the log has had most. */
const PENDING_SWEEP_MS = 100
/** Of a sweep, so that a slow Redis does not make it slower still. */
const LONGEST_PAUSE_MS = 50

export class Clearing {
  readonly #parts: ClearingParts
  #owed: Owed[] = []
  readonly #sweeps = new Map<string, Sweeping>()
  #completing = new Set<Promise<void>>()
  #settling: Promise<void> | null = null
  #cancelRetry = (): void => undefined
  #closed = false

  constructor(parts: ClearingParts) {
    this.#parts = parts
  }

  /** @throws RangeError for a pattern that cannot be matched; nothing is cleared then. */
  async clear(selector: Selector, actor: string, { reason, onWarning }: ClearOptions): Promise<ClearResult> {
    const { time } = this.#parts
    const began = time.clock()
    const matches = compileSelector(selector)
    // Together: where the log is away, and perhaps Redis too, whoever clears has waited for it long enough.
    const { swept, end: sweeping } = this.#sweep(selector, matches)
    const outcome = (instances: Confirmation | null): ClearOutcome => ({
      tookMs: time.clock() - began,
      deleted: selector.kind === 'tag' ? null : swept.removed,
      instances,
    })
    const request = { ...selector, soft: false, actor, reason }
    const noted = await this.#note(request, onWarning)
    if (noted === null) {
      this.#owe(request, () => outcome(null), onWarning)
      await within(time, PENDING_SWEEP_MS, sweeping)
      return { seq: null, deleted: swept.removed, pending: true, swept: swept.complete, instances: null }
    }
    await sweeping
    const instances = await noted.instances
    this.#complete(noted.appended, outcome(instances), onWarning)
    const { seq } = noted.appended
    return { seq, deleted: swept.removed, pending: false, swept: swept.complete, instances }
  }

  /**
   * Frees the room of what is void. Who clears the same at the same time shares the sweep: what was stored since it began is void by its position,
   * and goes by its lifetime.
   */
  #sweep(selector: Selector, matches: Matches): Sweeping {
    const id = `${selector.kind}:${selector.selector}`
    const running = this.#sweeps.get(id)
    if (running !== undefined) return running
    const swept: Sweep = { removed: 0, complete: false }
    const end = this.#sweepAlone(selector, matches, swept).finally(() => this.#sweeps.delete(id))
    const sweeping = { swept, end }
    this.#sweeps.set(id, sweeping)
    return sweeping
  }

  /** Entries of a tag go by their lifetimes: finding them would take a look at every key there is. */
  async #sweepAlone({ kind, selector }: Selector, matches: Matches, swept: Sweep): Promise<void> {
    const { memory, redis } = this.#parts
    if (kind === 'tag') {
      swept.complete = true
      return
    }
    const held = await memory.sweep(matches)
    swept.removed = held.size
    const giveWay = this.#givingWay()
    const inRedis = await redis?.sweep({ kind, selector }, (keys) => {
      for (const key of keys) held.delete(key)
      return giveWay()
    })
    swept.removed = held.size + (inRedis?.removed ?? 0)
    swept.complete = inRedis?.complete ?? true
  }

  /** Between the steps of a sweep: where requests were answered since the last one, half of the time is theirs. They cannot wait, and it can. */
  #givingWay(): () => Promise<void> {
    const { time, counters } = this.#parts
    const answered = () => lookUps(counters.total())
    let [before, began] = [answered(), time.clock()]
    return async () => {
      const tookMs = time.clock() - began
      if (answered() !== before) await pause(time, Math.min(tookMs, LONGEST_PAUSE_MS))
      ;[before, began] = [answered(), time.clock()]
    }
  }

  /** The newest first. */
  get owed(): OwedClear[] {
    return this.#owed.map(({ request }) => request).reverse()
  }

  /** Writes owed clears to the log, if there are any; quiet when it still does not answer. */
  async settleOwed(): Promise<void> {
    if (this.#owed.length === 0) return
    this.#settling ??= this.#settleAll().finally(() => (this.#settling = null))
    await this.#settling
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRetry()
    await Promise.all(this.#completing)
  }

  /** Has the clear hold here if the log takes it; null where that does not answer. */
  async #note(request: ClearRequest, onWarning: OnWarning): Promise<Noted | null> {
    const { log, history, keepSeconds, id, name, time, counters } = this.#parts
    try {
      const appended = await log.append(request, history.position, keepSeconds)
      const appendedAt = time.clock()
      history.apply(appended)
      const instances = confirmation(log, appended, { self: { id, name }, appendedAt, time })
      void instances.then(() => counters.confirmations.record(time.clock() - appendedAt))
      return { appended, instances }
    } catch (error) {
      onWarning('the clear log does not answer; the clear holds here and will be written later', error)
      this.#parts.onDoubt()
      return null
    }
  }

  #owe(request: ClearRequest, outcome: () => ClearOutcome, onWarning: OnWarning): void {
    const { history, time } = this.#parts
    const owed = { ...request, clearedAt: time.now() }
    this.#owed.push({ request: owed, settle: history.owe(request), outcome, onWarning })
    this.#retryLater()
  }

  /** In the background: who clears waits for the clear, not for a note of it. */
  #complete({ seq, epoch }: Appended, outcome: ClearOutcome, onWarning: OnWarning): void {
    const completing = this.#parts.log
      .complete(seq, epoch, outcome)
      .catch((error: unknown) => onWarning('what became of a clear could not be noted in the log', error))
      .finally(() => this.#completing.delete(completing))
    this.#completing.add(completing)
  }

  async #settleAll(): Promise<void> {
    const { log, history, keepSeconds, onDoubt } = this.#parts
    for (const owed of [...this.#owed]) {
      let appended
      try {
        appended = await log.append(owed.request, history.position, keepSeconds)
      } catch {
        onDoubt()
        this.#retryLater()
        return
      }
      history.apply(appended)
      owed.settle()
      this.#complete(appended, owed.outcome(), owed.onWarning)
      this.#owed = this.#owed.filter((other) => other !== owed)
    }
    onDoubt()
  }

  /** Nobody may come to need the log soon, yet the clear is owed to the other instances. */
  #retryLater(): void {
    this.#cancelRetry()
    if (!this.#closed) this.#cancelRetry = this.#parts.time.after(RETRY_MS, () => void this.settleOwed())
  }
}
