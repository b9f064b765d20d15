// Wrong API keys by client: after a few within a minute, the client is told to wait and the log says so once.
import type { Time } from '../time/time.ts'
import { clientNetwork } from './client-network.ts'
import { WindowCounter } from './window-counter.ts'

const WINDOW_MS = 60_000
/** What a client with an old key does while somebody notices. */
const FAILURES_PER_WINDOW = 10
/** Of each, some 200 bytes. */
const CLIENTS_REMEMBERED = 10_000
/** Whoever has many addresses must not be able to flood the log. */
const LINES_PER_WINDOW = 10

/** @param unlogged clients that crossed the limit since the line before, and had no line of their own. */
export type Warn = (client: string, unlogged: number) => void

export class FailedKeys {
  readonly #failures: WindowCounter
  readonly #lines: WindowCounter
  readonly #warn: Warn
  #unlogged = 0

  constructor(warn: Warn, time: Time) {
    this.#failures = new WindowCounter(WINDOW_MS, CLIENTS_REMEMBERED, time)
    this.#lines = new WindowCounter(WINDOW_MS, 1, time)
    this.#warn = warn
  }

  get clients(): number {
    return this.#failures.size
  }

  /** Notes a wrong key from an address. Null while that is tolerated, then the seconds until it is again. */
  note(address: string | undefined): number | null {
    const client = clientNetwork(address)
    const { count, endsInMs } = this.#failures.count(client)
    if (count <= FAILURES_PER_WINDOW) return null
    if (count === FAILURES_PER_WINDOW + 1) this.#log(client)
    return Math.ceil(endsInMs / 1000)
  }

  #log(client: string): void {
    if (this.#lines.count('').count > LINES_PER_WINDOW) {
      this.#unlogged++
      return
    }
    this.#warn(client, this.#unlogged)
    this.#unlogged = 0
  }
}
