// The log of a request: pino's child that names it, made when there is something to say. Most requests have nothing to say, and a child is
// an object with bindings and serialisers of its own, which the framework would have made for each of them.
import type { FastifyBaseLogger } from 'fastify'
import type { Logger } from 'pino'

/** What is used of pino's logger. */
export type ServiceLog = FastifyBaseLogger & Pick<Logger, 'isLevelEnabled'>
type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'
type Arguments = [first: object | string, ...others: unknown[]]

/** Of the service's level: no route has one of its own. */
export class RequestLog {
  readonly #log: ServiceLog
  readonly #bindings: Record<string, unknown>
  readonly #options: object
  #child: FastifyBaseLogger | null = null

  constructor(log: ServiceLog, bindings: Record<string, unknown>, options: object) {
    this.#log = log
    this.#bindings = bindings
    this.#options = options
  }

  get level(): string {
    return this.#log.level
  }

  fatal(...said: Arguments): void {
    this.#say('fatal', said)
  }

  error(...said: Arguments): void {
    this.#say('error', said)
  }

  warn(...said: Arguments): void {
    this.#say('warn', said)
  }

  info(...said: Arguments): void {
    this.#say('info', said)
  }

  debug(...said: Arguments): void {
    this.#say('debug', said)
  }

  trace(...said: Arguments): void {
    this.#say('trace', said)
  }

  /** Says nothing, by its name. */
  silent(): void {
    return
  }

  child(bindings: Record<string, unknown>, options: object = {}): FastifyBaseLogger {
    return this.#own().child(bindings, options)
  }

  #say(level: Level, [first, ...others]: Arguments): void {
    if (this.#log.isLevelEnabled(level)) this.#own()[level](first as object, ...(others as [string?]))
  }

  #own(): FastifyBaseLogger {
    return (this.#child ??= this.#log.child(this.#bindings, this.#options))
  }
}
