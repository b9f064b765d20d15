// Each mechanism of the protocol, taken out: by what an instance is given, or by a method replaced and put back. None needs a hook in the engine.
import { ClearHistory, type Judged, type Verdict } from '../../../src/cache/clear-history.ts'
import type { Appended, ClearLog } from '../../../src/cache/clear-log.ts'
import type { Entry } from '../../../src/cache/entry.ts'
import { Flights } from '../../../src/cache/flights.ts'
import { Lease } from '../../../src/cache/lease.ts'
import { isLoaded } from './database.ts'
import type { FaultKind } from './faults.ts'
import type { Parts } from './instance.ts'

export interface Mutation {
  /** Where it shows. */
  faults: readonly FaultKind[]
  alter?: (parts: Parts) => Parts
  /** Replaces methods; returns what puts them back. */
  patch?: () => () => void
}

export const MUTATIONS: Record<string, Mutation> = {
  'the lease: it never ends': {
    faults: ['log cut off', 'pause'],
    patch() {
      const undo = [
        replaced(
          Lease.prototype,
          'touch',
          (touch) =>
            function (this: Lease) {
              touch.call(this)
              return true
            },
        ),
        replace(Lease.prototype, 'isValid', { get: () => true }),
      ]
      return () => undo.forEach((put) => put())
    },
  },

  'the lease counted from the asking: it counts from the answer': {
    faults: ['log cut off', 'log hung'],
    alter({ log, time, ...rest }) {
      // A clock that is set back by what the reading took is one by which the answer came at once.
      let setBackMs = 0
      const clock = (): number => time.clock() - setBackMs
      const read: ClearLog['read'] = async (...asked) => {
        const askedAt = clock()
        const reading = await log.read(...asked)
        setBackMs += clock() - askedAt
        return reading
      }
      return { ...rest, log: { ...log, read }, time: { ...time, clock } }
    },
  },

  'the clock, read for each request: a timer keeps it': {
    faults: ['pause'],
    alter({ time, ...rest }) {
      let now = time.clock()
      const keep = (): void => {
        now = time.clock()
        time.after(50, keep)
      }
      keep()
      return { ...rest, time: { ...time, clock: () => now } }
    },
  },

  'the position, taken when a load begins: taken when it ends': {
    faults: ['loads slow'],
    patch: () =>
      judging((judge, history, key, judged) => {
        // An entry is judged for the first time when its load has ended.
        if (isEntry(judged) && isJustLoaded(judged)) Object.assign(judged, history.moment)
        return judge(key, judged)
      }),
  },

  'judging what comes from Redis': {
    faults: ['Redis rolled back', 'Redis hung', 'loads slow'],
    patch: () =>
      judging((judge, _history, key, judged) =>
        isEntry(judged) && !('judgedAt' in judged) && !isJustLoaded(judged) ? 'valid' : judge(key, judged),
      ),
  },

  'judging what is in memory': {
    faults: ['Redis cut off'],
    patch: () =>
      judging((judge, _history, key, judged) => ('judgedAt' in judged ? 'valid' : judge(key, judged))),
  },

  'the list of instances: nobody waits for anybody': {
    faults: ['log cut off', 'pause'],
    alter: altered((append) => async (...clear) => ({ ...(await append(...clear)), members: [] })),
  },

  'waiting for a lease: whoever does not acknowledge soon is taken to have done so': {
    faults: ['log cut off', 'pause'],
    alter({ log, ...rest }) {
      const asked = new Map<number, number>()
      const unacknowledged: ClearLog['unacknowledged'] = async (seq, epoch) => {
        const times = (asked.get(seq) ?? 0) + 1
        asked.set(seq, times)
        return times > 4 ? [] : log.unacknowledged(seq, epoch)
      }
      return { ...rest, log: { ...log, unacknowledged } }
    },
  },

  'a position for each clear: one joins another that is under way': {
    faults: ['log cut off', 'pause'],
    alter({ log, time, ...rest }) {
      const running = new Map<string, { appended: Promise<Appended>; until: number }>()
      const append: ClearLog['append'] = (clear, ...since) => {
        const name = `${clear.kind} ${clear.selector}`
        const other = running.get(name)
        if (other !== undefined && time.clock() < other.until) return other.appended
        const appended = log.append(clear, ...since)
        running.set(name, { appended, until: time.clock() + 1000 })
        return appended
      }
      return { ...rest, time, log: { ...log, append } }
    },
  },

  'not joining a load that a clear has overtaken': {
    faults: ['loads slow'],
    patch: () =>
      replaced(
        Flights.prototype,
        'joinOrStart',
        (join) =>
          function (this: Flights, key, _mayJoin, start) {
            return join.call(this, key, () => true, start)
          },
      ),
  },

  'the epoch: a log that lost its end goes by the same name': {
    faults: ['failover'],
    alter({ log, ...rest }) {
      let epoch = ''
      const renamed = <Reading extends { epoch: string } | null>(reading: Reading): Reading => {
        epoch = reading?.epoch ?? epoch
        return reading === null ? reading : { ...reading, epoch: 'log' }
      }
      return {
        ...rest,
        log: {
          ...log,
          read: async (...asked) => renamed(await log.read(...asked)),
          append: async (...clear) => renamed(await log.append(...clear)),
          unacknowledged: (seq) => log.unacknowledged(seq, epoch),
          expire: (members) => log.expire(members, epoch),
        },
      }
    },
  },

  'the whole wait after a failover: the list is taken to be whole': {
    faults: ['zone lost'],
    alter: altered((append) => async (...clear) => ({
      ...(await append(...clear)),
      listIsWhole: true,
    })),
  },

  'the list of one epoch: after a failover the new one is asked who has acknowledged': {
    faults: ['zone lost'],
    alter({ log, ...rest }) {
      let newest = ''
      const noted = <Reading extends { epoch: string } | null>(reading: Reading): Reading => {
        newest = reading?.epoch ?? newest
        return reading
      }
      return {
        ...rest,
        log: {
          ...log,
          read: async (...asked) => noted(await log.read(...asked)),
          append: async (...clear) => noted(await log.append(...clear)),
          unacknowledged: (seq) => log.unacknowledged(seq, newest),
        },
      }
    },
  },
}

/**
 * Not among those whose absence shows: the lock in Redis. It is there so that one instance loads for all; an entry that is stored without it, late or over
 * a newer one, is judged by its position like any other.
 */
export const WITHOUT_LOCK: Mutation = {
  faults: ['Redis hung', 'Redis cut off', 'Redis rolled back', 'loads slow'],
  alter: ({ redis, ...rest }) => ({
    ...rest,
    redis: {
      ...redis,
      acquire: async (key, lock, needed, seen) => {
        const acquired = await redis.acquire(key, lock, needed, seen)
        return typeof acquired === 'object' && acquired.state === 'theirs' ? { state: 'mine' } : acquired
      },
      store: (key, _lock, envelope, lifetimeMs) => redis.set(key, envelope, lifetimeMs),
    },
  }),
}

/** With one call of the log replaced. */
function altered(append: (given: ClearLog['append']) => ClearLog['append']): (parts: Parts) => Parts {
  return ({ log, ...rest }) => ({ ...rest, log: { ...log, append: append(log.append.bind(log)) } })
}

type Judge = ClearHistory['judge']

function judging(
  mutated: (judge: Judge, history: ClearHistory, ...judged: Parameters<Judge>) => Verdict,
): () => void {
  return replaced(
    ClearHistory.prototype,
    'judge',
    (judge) =>
      function (this: ClearHistory, ...judged) {
        return mutated(judge.bind(this), this, ...judged)
      },
  )
}

function isEntry(judged: Judged): judged is Entry {
  return 'storedAt' in judged
}

/** Neither a copy in memory nor one from Redis. */
function isJustLoaded({ identity }: Entry): boolean {
  return identity !== null && isLoaded(identity)
}

/** With another method for a while, made of the one it had. */
function replaced<Owner extends object, Name extends keyof Owner & string>(
  prototype: Owner,
  name: Name,
  make: (method: MethodOf<Owner, Name>) => MethodOf<Owner, Name>,
): () => void {
  return replace(prototype, name, { value: make(prototype[name] as MethodOf<Owner, Name>) })
}

type MethodOf<Owner, Name extends keyof Owner> = Owner[Name] extends (...given: infer Given) => infer Result
  ? (this: Owner, ...given: Given) => Result
  : never

/** With another property for a while. */
function replace(owner: object, name: string, property: PropertyDescriptor): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name)!
  Object.defineProperty(owner, name, { configurable: true, ...property })
  return () => void Object.defineProperty(owner, name, before)
}
