// What the service's tables are here: a version of each resource, which writers raise, and loads that read it at one moment and answer at another.
import type { Loaded, Policy } from '../../../src/cache/index.ts'
import type { Events } from '../../support/events.ts'
import type { Life } from './life.ts'
import type { Random } from './random.ts'
import type { Note } from './trace.ts'

export interface Resource {
  key: string
  policy: Policy
  /** Where what is loaded has narrower tags than the policy. */
  tags?: readonly string[]
}

export const RESOURCES: readonly Resource[] = [
  { key: 'volume:latest:a', policy: { ttlSeconds: 3 } },
  { key: 'volume:latest:b', policy: { ttlSeconds: 1 } },
  { key: 'score:latest:a', policy: { ttlSeconds: 2, tags: ['symbol:A'] } },
  { key: 'media:latest:all', policy: { ttlSeconds: 2, tags: ['source:*'] } },
  { key: 'media:latest:x', policy: { ttlSeconds: 3, tags: ['source:*'] }, tags: ['source:x'] },
  { key: 'media:page:y', policy: { ttlSeconds: 2, tags: ['source:y'], isRare: true } },
]
export const LONGEST_TTL_SECONDS = 3
export const ENTRY_MAX_BYTES = 1000
/** Over the limit above, under what would be compressed, on threads and by a real clock. */
const LARGE = 'x'.repeat(1100)

/** A load that ran, as the checker sees it. The moments are `Events.moment`. */
export interface LoadRecord {
  id: number
  key: string
  tags: readonly string[]
  /** Which life of which instance it ran for. */
  life: Life
  began: number
  ended: number
  failed: boolean
}

/** What a load throws that answers by failing, such as "there is no such page". */
export class Refusal extends Error {}

const bodies = new WeakSet<Buffer>()

/** Whether these are the very bytes that a load brought, and no copy of them. */
export function isLoaded(body: Buffer): boolean {
  return bodies.has(body)
}

export class Database {
  state: 'fair' | 'slow' | 'failing' = 'fair'
  readonly loads: LoadRecord[] = []
  readonly #events: Events
  readonly #random: Random
  readonly #note: Note
  readonly #versions = new Map<string, number>()

  constructor(events: Events, random: Random, note: Note) {
    this.#events = events
    this.#random = random
    this.#note = note
  }

  write(key: string): void {
    this.#versions.set(key, this.#versionOf(key) + 1)
    this.#note(key, () => `version ${this.#versionOf(key)} is written`)
  }

  load({ key, policy, tags }: Resource, life: Life): Promise<Loaded> {
    const record: LoadRecord = {
      id: this.loads.length,
      key,
      tags: tags ?? policy.tags ?? [],
      life,
      began: this.#events.moment(),
      ended: Infinity,
      failed: false,
    }
    this.loads.push(record)
    this.#note(key, () => `load ${record.id} begins on ${life.name}`)
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        life.process.deliver(this.#delay(), () => {
          record.ended = this.#events.moment()
          settle()
        })
      }
      this.#events.after(this.#delay(), () => {
        const version = this.#versionOf(key)
        if (this.#fails()) {
          record.failed = true
          const failure = this.#random.chance(0.2) ? Refusal : Error
          end(() => reject(new failure(String(record.id))))
        } else {
          this.#note(key, () => `load ${record.id} reads version ${version}`)
          end(() => resolve({ ...this.#loaded(record, version), ...(tags && { tags }) }))
        }
      })
    })
  }

  /** The load that an answer's body came from. */
  loadOf(body: Buffer): LoadRecord {
    return this.loads[Number.parseInt(body.toString('latin1', 0, 10), 10)]!
  }

  #loaded({ id, key }: LoadRecord, version: number): Loaded {
    const body = Buffer.from(`${id} ${key} ${version} ${version % 9 === 8 ? LARGE : ''}`)
    bodies.add(body)
    return { body, absent: version % 7 === 6 }
  }

  #versionOf(key: string): number {
    return this.#versions.get(key) ?? 0
  }

  #fails(): boolean {
    return this.#random.chance(this.state === 'failing' ? 0.7 : 0.01)
  }

  #delay(): number {
    if (this.state === 'slow') return this.#random.between(50, 1200)
    return this.#random.skewed(1, this.#random.chance(0.05) ? 1000 : 30)
  }
}
