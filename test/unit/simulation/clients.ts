// Who uses the service: readers all the time, writers that change something and clear what it is in, and triggers that clear by themselves.
import type { Answer, Selector } from '../../../src/cache/index.ts'
import { compileSelector } from '../../../src/cache/selector.ts'
import type { Checker, Request } from './checker.ts'
import type { SimulatedLog } from './clear-log.ts'
import { RESOURCES, type Database, type Resource } from './database.ts'
import type { Events } from '../../support/events.ts'
import type { Instance } from './instance.ts'
import type { Random } from './random.ts'
import type { Note } from './trace.ts'

export interface Place {
  events: Events
  random: Random
  database: Database
  log: SimulatedLog
  instances: readonly Instance[]
  checker: Checker
  note: Note
}

const READ_EVERY_MS = 9
const WRITE_EVERY_MS = 350
/** How long a soft clear that nobody waits for may be unknown somewhere. */
const SOFT_HOLDS_AFTER_MS = 1020
const SELECTORS: readonly Selector[] = [
  ...RESOURCES.map(({ key }) => ({ kind: 'key', selector: key }) as const),
  { kind: 'pattern', selector: 'media:*' },
  { kind: 'pattern', selector: '*:latest:a' },
  { kind: 'tag', selector: 'source:x' },
  { kind: 'tag', selector: 'source:y' },
  { kind: 'tag', selector: 'symbol:A' },
]

export class Clients {
  readonly counts = { reads: 0, clears: 0, pending: 0, soft: 0 }
  readonly #place: Place
  #written = 0
  #isOver = false

  constructor(place: Place) {
    this.#place = place
  }

  begin(): void {
    this.#again(READ_EVERY_MS, () => this.#read())
    this.#again(WRITE_EVERY_MS, () => this.#write())
  }

  end(): void {
    this.#isOver = true
  }

  #again(everyMs: number, act: () => void): void {
    this.#place.events.after(this.#place.random.between(0, 2 * everyMs), () => {
      if (this.#isOver) return
      act()
      this.#again(everyMs, act)
    })
  }

  /** A few requests at once to one instance, as a page makes them. */
  #read(): void {
    const { random, instances, checker } = this.#place
    const instance = random.pick(instances)
    const { life } = instance.running ?? {}
    if (life === undefined) return
    for (let count = random.pick([1, 1, 2, 3]); count > 0; count--) {
      const resource = random.pick(RESOURCES)
      const request = checker.requestBegins(resource.key, life)
      life.process.deliver(random.skewed(0, 2), () => this.#serve(instance, resource, request))
    }
  }

  /** As the service does: first what can be answered before the framework, then the whole way. */
  #serve(instance: Instance, resource: Resource, request: Request): void {
    const { cache } = instance.running!
    const { checker, database, random, note } = this.#place
    const { key, life } = request
    this.counts.reads++
    note(key, () => `${life.name} is asked`)
    const hit = random.chance(0.5) ? cache.hit(key) : null
    const answer: Answer | Promise<Answer> =
      hit === null
        ? cache.getOrLoad(
            key,
            resource.policy,
            life.owns(() => database.load(resource, life)),
          )
        : { entry: hit, outcome: 'HIT', tier: 'memory' }
    if (!(answer instanceof Promise)) checker.answered(request, answer)
    else {
      answer.then(
        (landed) => checker.answered(request, landed),
        (error: unknown) => checker.failed(request, error),
      )
    }
  }

  #write(): void {
    const { random } = this.#place
    const selector = random.pick(SELECTORS)
    if (random.chance(0.2)) this.#trigger(selector)
    else if (random.chance(0.05)) this.#triggerMany()
    else {
      this.#clear(selector)
      // Another load of the same kind is under way, and clears the same elsewhere.
      if (random.chance(0.3)) this.#place.events.after(random.skewed(0, 600), () => this.#clear(selector))
    }
  }

  #clear(selector: Selector): void {
    const { random, instances, checker } = this.#place
    const { life, cache } = random.pick(instances).running ?? {}
    if (life === undefined || cache === undefined) return
    this.#change(selector)
    const actor = `clear ${++this.#written}`
    const record = checker.clearBegins({ ...selector, soft: false, actor }, life)
    life.process.deliver(random.skewed(0, 2), () => {
      void cache.clear(selector, actor).then(({ pending }) => {
        this.counts[pending ? 'pending' : 'clears']++
        checker.clearAnswers(record, pending ? life : null)
      })
    })
  }

  /** Written in the transaction that changes the data. */
  #trigger(selector: Selector): void {
    const { events, log, checker } = this.#place
    const request = { ...selector, soft: true, actor: `trigger ${++this.#written}` }
    log.take(() => {
      this.#change(selector)
      const record = checker.clearBegins(request, null)
      log.append(request, 0, 0)
      this.counts.soft++
      events.after(SOFT_HOLDS_AFTER_MS, () => checker.clearAnswers(record))
    })
  }

  /** A load of data that touches a lot. */
  #triggerMany(): void {
    for (let count = 0; count < 10; count++) this.#trigger(this.#place.random.pick(SELECTORS))
  }

  /** Everything that the selector stands for has another version now. */
  #change(selector: Selector): void {
    const { database } = this.#place
    const matches = compileSelector(selector)
    for (const { key, policy, tags } of RESOURCES)
      if (matches(key, tags ?? policy.tags ?? [])) database.write(key)
  }
}
