// Says what became of a server that the service stands on, once a change.
import type { FastifyBaseLogger } from 'fastify'

export interface Described {
  /** Such as `Redis`. */
  server: string
  /** In each line. */
  fields: Record<string, string>
  /** The rest of a sentence: how the service goes on without it. */
  meanwhile: string
  /** Whether whoever makes this has found it there already. */
  isConnected?: boolean
}

export class ConnectionLog {
  readonly #log: FastifyBaseLogger
  readonly #described: Described
  #state: 'unknown' | 'connected' | 'away' | 'stopped'

  constructor(log: FastifyBaseLogger, described: Described) {
    this.#log = log
    this.#described = described
    this.#state = described.isConnected === true ? 'connected' : 'unknown'
  }

  connected(): void {
    if (this.#state === 'connected' || this.#state === 'stopped') return
    const { server, fields } = this.#described
    this.#log.info(fields, this.#state === 'away' ? `${server} is back` : `${server} connected`)
    this.#state = 'connected'
  }

  away(reason: string): void {
    if (this.#state === 'away' || this.#state === 'stopped') return
    this.#state = 'away'
    const { server, fields, meanwhile } = this.#described
    this.#log.warn({ ...fields, reason }, `${server} is away; ${meanwhile}`)
  }

  /** The service stops: a connection that closes now is no news. */
  stop(): void {
    this.#state = 'stopped'
  }
}
