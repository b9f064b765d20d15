// One process of an instance, from its start to its end, and what an observer notes of it: what it has heard of the clear log, and how long its loads
// have been under way.
import type { Flight } from '../../../src/cache/flights.ts'
import { Loading, type Load } from '../../../src/cache/loading.ts'
import type { Events } from '../../support/events.ts'
import { Process } from './process.ts'
import type { Random } from './random.ts'

interface Underway {
  /** True time. */
  since: number
  /** The moment at which it was over. */
  ended: number
}

const lives = new WeakMap<Load, Life>()

export class Life {
  readonly name: string
  readonly process: Process
  readonly #events: Events
  readonly #heard: { at: number; moment: number }[] = []
  readonly #flights = new Map<string, Underway[]>()

  constructor(name: string, events: Events, random: Random) {
    this.name = name
    this.process = new Process(events, random)
    this.#events = events
  }

  /** A reading of the log has arrived that was true at an earlier moment. */
  hears(moment: number): void {
    this.#heard.push({ at: this.#events.moment(), moment })
  }

  /** Whether a reading of a moment or later had arrived by then. */
  hadHeardOf(moment: number, by: number): boolean {
    return this.#heard.some((reading) => reading.moment >= moment && reading.at < by)
  }

  /** The same load, known as one of this process. */
  owns(load: Load): Load {
    lives.set(load, this)
    return load
  }

  begins(key: string, flight: Promise<unknown>): void {
    const underway = { since: this.#events.now, ended: Infinity }
    const end = (): void => void (underway.ended = this.#events.moment())
    this.#flights.set(key, [...(this.#flights.get(key) ?? []), underway])
    flight.then(end, end)
  }

  /** Whether a load of the key, all that comes before it included, was under way at a moment and had begun by a true time. */
  wasKeptWaiting(key: string, moment: number, since: number): boolean {
    return this.#flights.get(key)?.some((flight) => flight.ended > moment && flight.since <= since) === true
  }
}

// Looked at, not changed: which request waits for which load cannot be told from outside.
const { value: start } = Object.getOwnPropertyDescriptor(Loading.prototype, 'start') as {
  value: (this: Loading, ...request: Parameters<Loading['start']>) => Flight
}
Loading.prototype.start = function (...request) {
  const flight = start.apply(this, request)
  const [key, , load] = request
  lives.get(load)?.begins(key, flight.result)
  return flight
}
