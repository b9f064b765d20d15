// The clear log as `src/db/clear-log.ts` keeps it in PostgreSQL, statement for statement: each call is one transaction under the advisory lock, so
// one step. Beside it a replica that lags, for failovers.
import type {
  Appended,
  Clear,
  ClearLog,
  ClearRequest,
  LogReading,
  Member,
  Reader,
} from '../../../src/cache/clear-log.ts'
import { LEASE_MS } from '../../../src/cache/lease.ts'
import { Server, type Connection } from './network.ts'

const LIMITS_MS = { append: 800, start: 10_000, read: 1000, other: 500 }
const WHOLE_AFTER_MS = LEASE_MS * 1.02

interface Row extends Clear {
  clearedAt: number
}

interface MemberRow extends Member {
  applied: number
}

interface Tables {
  clears: readonly Row[]
  members: ReadonlyMap<string, Readonly<MemberRow>>
  epochs: ReadonlyMap<string, number>
}

export class SimulatedLog extends Server {
  /** Told of each clear as it is written. */
  onAppend: (clear: ClearRequest, seq: number) => void = () => undefined
  #timeline = 1
  /** No new database: the replica has the first epoch. */
  #tables: Tables = { clears: [], members: new Map(), epochs: new Map([['timeline-1', -Infinity]]) }
  #replica = this.#tables

  /** The replica catches up. */
  replicate(): void {
    this.#replica = this.#tables
  }

  /** The replica takes over: what it did not have yet is lost. How many clears that were. */
  failOver(): number {
    const lost = this.#tables.clears.length - this.#replica.clears.length
    this.#tables = this.#replica
    this.#timeline++
    return lost
  }

  read(since: number, keepSeconds: number, { id, name, joins }: Reader): LogReading | null {
    const member = this.#tables.members.get(id)
    const applied = Math.min(since, this.#newest)
    if (member !== undefined) this.#putMember({ ...member, applied, beat: member.beat + 1 })
    else if (!joins) return null
    else this.#putMember({ id, name, applied, beat: Math.floor(this.events.now) })
    if (joins) this.#noteEpoch()
    return this.#reading(since, keepSeconds)
  }

  append(clear: ClearRequest, since: number, keepSeconds: number): Appended {
    const { kind, selector, soft } = clear
    const seq = Math.max(this.#newest, since) + 1
    const row = { seq, kind, selector, soft, clearedAt: this.events.now }
    this.#tables = { ...this.#tables, clears: [...this.#tables.clears, row] }
    this.onAppend(clear, seq)
    this.#noteEpoch()
    const listIsWhole = this.#tables.epochs.get(this.#epoch)! < this.events.now - WHOLE_AFTER_MS
    const members = [...this.#tables.members.values()].map((member): Member => ({ ...member }))
    return { ...this.#reading(since, keepSeconds), members, listIsWhole }
  }

  unacknowledged(seq: number, epoch: string): string[] {
    if (epoch !== this.#epoch) throw new Error('the clear log is another one now')
    return [...this.#tables.members.values()].filter(({ applied }) => applied < seq).map(({ id }) => id)
  }

  expire(members: Member[], epoch: string): void {
    if (epoch !== this.#epoch) return
    for (const { id, beat } of members) if (this.#tables.members.get(id)?.beat === beat) this.leave(id)
  }

  leave(id: string): void {
    const members = new Map(this.#tables.members)
    members.delete(id)
    this.#tables = { ...this.#tables, members }
  }

  get #newest(): number {
    return this.#tables.clears.at(-1)?.seq ?? 0
  }

  get #epoch(): string {
    return `timeline-${this.#timeline}`
  }

  #putMember(member: MemberRow): void {
    this.#tables = { ...this.#tables, members: new Map(this.#tables.members).set(member.id, member) }
  }

  #noteEpoch(): void {
    const { epochs } = this.#tables
    if (epochs.has(this.#epoch)) return
    this.#tables = { ...this.#tables, epochs: new Map(epochs).set(this.#epoch, this.events.now) }
  }

  #reading(since: number, keepSeconds: number): LogReading {
    const { clears } = this.#tables
    const seq = this.#newest
    const oldest = this.events.now - keepSeconds * 1000
    const tooOld = clears.findLast(({ clearedAt }) => clearedAt <= oldest)?.seq ?? 0
    const isLost = since > 0 && !clears.some((clear) => clear.seq === since)
    const floor = Math.max(tooOld, isLost ? seq : 0)
    return {
      epoch: this.#epoch,
      seq,
      floor,
      clears: clears.filter((clear) => clear.seq > Math.max(since, floor)),
    }
  }
}

/** The log as one process sees it. @param heard told of each reading that arrives: the moment at which it was true. */
export function logClient(
  log: SimulatedLog,
  connection: Connection,
  heard: (moment: number, reading: LogReading) => void,
): ClearLog {
  async function read<Reading extends LogReading | null>(
    limitMs: number,
    work: () => Reading,
  ): Promise<Reading> {
    let moment = 0
    const reading = await connection.call(limitMs, () => {
      moment = log.events.moment()
      return work()
    })
    if (reading !== null) heard(moment, reading)
    return reading
  }
  return {
    read: (since, keepSeconds, reader) =>
      read(reader.joins && since === 0 ? LIMITS_MS.start : LIMITS_MS.read, () =>
        log.read(since, keepSeconds, reader),
      ),
    append: (clear, since, keepSeconds) =>
      read(LIMITS_MS.append, () => log.append(clear, since, keepSeconds)),
    unacknowledged: (seq, epoch) => connection.call(LIMITS_MS.other, () => log.unacknowledged(seq, epoch)),
    expire: (members, epoch) => connection.call(LIMITS_MS.other, () => log.expire(members, epoch)),
    // A note for people, by which nobody judges.
    complete: () => Promise.resolve(),
    leave: (id) => connection.call(LIMITS_MS.other, () => log.leave(id)),
  }
}
