// A simulated world: three instances of the cache engine, each the code of production, on a clear log, a Redis and a database that fail as the seed
// says. Worlds are run side by side, as what costs is the turn of the real event loop between two events.
import { Checker } from './checker.ts'
import { SimulatedLog } from './clear-log.ts'
import { Clients } from './clients.ts'
import { Database } from './database.ts'
import { Events } from '../../support/events.ts'
import { Faults, type FaultKind } from './faults.ts'
import { Instance, type Parts } from './instance.ts'
import { Random } from './random.ts'
import { SimulatedRedis } from './redis.ts'
import { Trace, type Note } from './trace.ts'

export interface WorldOptions {
  /** Takes a mechanism out of what the instances are given. */
  alter?: (parts: Parts) => Parts
  isTraced?: boolean
  /** What goes wrong; drawn by the seed where it is not given. */
  faults?: readonly FaultKind[]
}

const LENGTH_MS = 6000
/** How long after that everything has to have been answered. */
const REST_MS = 20_000
const INSTANCES = ['A', 'B', 'C']

export class World {
  readonly seed: number
  readonly events = new Events()
  readonly trace: Trace
  readonly checker: Checker
  readonly clients: Clients
  readonly faults: Faults
  readonly loads: Database['loads']
  #isOver = false

  constructor(seed: number, { alter = (parts) => parts, isTraced = false, faults }: WorldOptions = {}) {
    this.seed = seed
    const { events } = this
    const random = new Random(seed)
    this.trace = new Trace(() => events.now)
    const note: Note = isTraced ? this.trace.note : () => undefined
    const database = new Database(events, random, note)
    const checker = (this.checker = new Checker(events, database, note))
    const log = new SimulatedLog(events)
    const redis = new SimulatedRedis(events)
    const onDeath = checker.died.bind(checker)
    const surroundings = { events, random, log, redis, alter, onDeath, note }
    const instances = INSTANCES.map((name) => new Instance(name, surroundings))
    this.loads = database.loads
    this.clients = new Clients({ events, random, database, log, instances, checker, note })
    this.faults = new Faults({ events, random, log, redis, database, instances, note }, faults)
    log.onAppend = (clear, seq) => {
      checker.clearIsWritten(clear, seq)
      for (const instance of instances) if (random.chance(0.7)) instance.notify(random.skewed(0.1, 20))
    }
    for (const instance of instances) instance.start()
    this.clients.begin()
    this.faults.begin()
    events.after(LENGTH_MS, () => {
      this.clients.end()
      this.faults.end()
    })
  }

  /** One event; false once there is nothing more to come. */
  step(): boolean {
    if (this.#isOver || this.checker.violation !== null) return false
    if (this.events.now < LENGTH_MS + REST_MS && this.events.step()) return true
    this.#isOver = true
    this.checker.end()
    return false
  }
}

const ABREAST = 32

/** Runs worlds until all are over or, where `stop` says so, one is; in the order in which they end. */
export async function runWorlds(worlds: Iterable<World>, isOver: (world: World) => boolean): Promise<void> {
  const waiting = worlds[Symbol.iterator]()
  const running: World[] = []
  const random = Math.random
  // The engine's only use of chance is to shorten lifetimes; a world has to be the same each time.
  Math.random = () => 0.5
  try {
    for (;;) {
      while (running.length < ABREAST) {
        const next = waiting.next()
        if (next.done === true) break
        running.push(next.value)
      }
      if (running.length === 0) return
      for (let place = running.length - 1; place >= 0; place--) {
        const world = running[place]!
        if (world.step()) continue
        running.splice(place, 1)
        if (isOver(world)) return
      }
      // Whatever these events set off by promises is done before the next ones.
      await new Promise((resolve) => setImmediate(resolve))
    }
  } finally {
    Math.random = random
  }
}
