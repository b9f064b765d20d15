// What goes wrong in a world, and how often: each world has a few kinds of trouble of its own, drawn by its seed.
import type { SimulatedLog } from './clear-log.ts'
import type { Database } from './database.ts'
import type { Events } from '../../support/events.ts'
import type { Instance } from './instance.ts'
import type { Way, Weather } from './network.ts'
import type { Random } from './random.ts'
import type { SimulatedRedis } from './redis.ts'
import type { Note } from './trace.ts'

export interface Fragile {
  events: Events
  random: Random
  log: SimulatedLog
  redis: SimulatedRedis
  database: Database
  instances: readonly Instance[]
  note: Note
}

export type FaultKind =
  | 'pause'
  | 'crash'
  | 'leave'
  | 'log cut off'
  | 'log hung'
  | 'log down'
  | 'failover'
  | 'zone lost'
  | 'Redis cut off'
  | 'Redis hung'
  | 'Redis down'
  | 'Redis flushed'
  | 'Redis rolled back'
  | 'loads slow'
  | 'loads failing'

const FAULT_EVERY_MS = 500
const KINDS_A_WORLD = [1, 2, 3, 5, 8]
const SAVE_EVERY_MS = 1500
const FOUL: readonly Weather[] = ['slow', 'requests lost', 'replies lost', 'refused']

export class Faults {
  readonly counts: Record<FaultKind | 'clears lost', number>
  readonly #world: Fragile
  readonly #kinds: readonly FaultKind[]
  readonly #acts: Record<FaultKind, (instance: Instance) => void>
  #isReplicated = true
  #isOver = false

  /** @param kinds drawn where none are given. */
  constructor(world: Fragile, kinds?: readonly FaultKind[]) {
    this.#world = world
    this.#acts = this.#allActs()
    const all = Object.keys(this.#acts) as FaultKind[]
    this.#kinds =
      kinds ?? Array.from({ length: world.random.pick(KINDS_A_WORLD) }, () => world.random.pick(all))
    this.counts = Object.fromEntries([...all, 'clears lost'].map((kind) => [kind, 0])) as Faults['counts']
  }

  begin(): void {
    const { random, log, redis } = this.#world
    this.#again(FAULT_EVERY_MS, () => this.#happen(random.pick(this.#kinds)))
    this.#again(SAVE_EVERY_MS, () => redis.save())
    // How far the replica is behind, at most.
    this.#again(random.pick([5, 100, 1000]), () => {
      if (this.#isReplicated) log.replicate()
    })
  }

  end(): void {
    this.#isOver = true
  }

  #again(everyMs: number, act: () => void): void {
    this.#world.events.after(this.#world.random.between(0, 2 * everyMs), () => {
      if (this.#isOver) return
      act()
      this.#again(everyMs, act)
    })
  }

  #happen(kind: FaultKind): void {
    const instance = this.#world.random.pick(this.#world.instances)
    this.counts[kind]++
    this.#world.note(null, () => `FAULT ${kind} (${instance.name})`)
    this.#acts[kind](instance)
  }

  /** An instance is the one concerned, where it concerns one. */
  #allActs(): Record<FaultKind, (instance: Instance) => void> {
    const { random, log, redis } = this.#world
    return {
      pause: (instance) => instance.pause(random.skewed(20, 4000)),
      crash: (instance) => instance.kill(random.between(20, 1500)),
      leave: (instance) => instance.leave(random.between(0, 1500), random.between(20, 500)),
      'log cut off': ({ ways }) => this.#cutOff(ways.log),
      'log hung': () => log.hang(random.between(50, 2500)),
      'log down': () => log.goDown(random.between(50, 2500)),
      failover: () => this.#failOver(),
      'zone lost': (instance) => this.#loseZone(instance),
      'Redis cut off': ({ ways }) => this.#cutOff(ways.redis),
      'Redis hung': () => redis.hang(random.between(50, 2500)),
      'Redis down': () => redis.goDown(random.between(50, 2500)),
      'Redis flushed': () => redis.flush(),
      'Redis rolled back': () => redis.rollBack(random.next()),
      'loads slow': () => this.#troubleLoads('slow'),
      'loads failing': () => this.#troubleLoads('failing'),
    }
  }

  #failOver(): void {
    this.counts['clears lost'] += this.#world.log.failOver()
    this.#isReplicated = true
  }

  /** The replica falls behind, an instance starts that it does not know, is cut off in its turn, and then the primary fails. */
  #loseZone(instance: Instance): void {
    const { events, random } = this.#world
    this.#isReplicated = false
    instance.kill(20)
    events.after(random.between(100, 500), () => this.#cutOff(instance.ways.log))
    events.after(random.between(500, 1300), () => this.#failOver())
  }

  #cutOff(way: Way): void {
    const { events, random } = this.#world
    way.weather = random.pick(FOUL)
    events.after(random.between(100, 4000), () => (way.weather = 'fair'))
  }

  #troubleLoads(state: Database['state']): void {
    const { events, random, database } = this.#world
    database.state = state
    events.after(random.between(300, 4000), () => (database.state = 'fair'))
  }
}
