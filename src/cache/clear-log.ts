// The clear log as the cache sees it: positions that only grow, and the clears behind each.

/** What a clear selects: a glob over keys, one whole key, or the entries that carry a tag. */
export interface Selector {
  kind: 'pattern' | 'key' | 'tag'
  selector: string
}

export interface ClearRequest extends Selector {
  /** Soft: matching entries count as expired. Hard: they are dead. */
  soft: boolean
  /** Who asked for it. */
  actor: string
  /** Why, in that one's words. */
  reason?: string | undefined
}

/** What became of a clear, for people: nothing rests on it. */
export interface ClearOutcome {
  tookMs: number
  /** Distinct keys found; null where nobody looked. */
  deleted: number | null
  /** On which instances it holds; null where nobody waited for them. */
  instances: Confirmation | null
}

export interface Confirmation {
  /** Names of the instances that applied the clear. */
  confirmed: string[]
  /** Names of those whose lease ran out instead. */
  expired: string[]
}

export interface Clear extends Selector {
  seq: number
  soft: boolean
}

export interface LogReading {
  /** Names the log itself; a position means nothing in another epoch (another database, one restored from a backup). */
  epoch: string
  /** The newest position. */
  seq: number
  /** Every clear after the position asked from, or after `floor` where that is higher, oldest first. */
  clears: Clear[]
  /** What was loaded before this position is too old to matter, or the clears since are too many to list. 0 where nothing is left out. */
  floor: number
}

/** An instance that a clear waits for, as the log knows it. */
export interface Member {
  id: string
  /** For people. */
  name: string
  /** Grows with each renewal. */
  beat: number
}

/** Who reads: one that holds a lease, or would. */
export interface Reader {
  id: string
  name: string
  /** Puts it on the list; otherwise it has to be there. */
  joins: boolean
}

export interface Appended extends LogReading {
  /** All that were on the list when the clear was written. */
  members: Member[]
  /**
   * False where the log was another one moments ago, so that instances may hold a lease that its list does not show: a failover loses what
   * was not replicated.
   */
  listIsWhole: boolean
}

export interface ClearLog {
  /**
   * Reads what came after `since`, as far back as entries live: `keepSeconds`. It is an acknowledgement as well: the reader has applied everything up to
   * `since`. Resolves with null for one that is on the list no more.
   */
  read(since: number, keepSeconds: number, reader: Reader): Promise<LogReading | null>
  /** Appends a clear behind `since` and reads what came after that, it included. Once this resolves the clear is durable. */
  append(clear: ClearRequest, since: number, keepSeconds: number): Promise<Appended>
  /** Ids of the members that have not acknowledged this position. @throws in another epoch, whose list may lack some that have a lease. */
  unacknowledged(seq: number, epoch: string): Promise<string[]>
  /** Takes off the list of this epoch those that have not renewed since: their lease is over, and they have to join anew. */
  expire(members: Member[], epoch: string): Promise<void>
  /** Notes beside the clear at this position of this epoch what became of it. */
  complete(seq: number, epoch: string, outcome: ClearOutcome): Promise<void>
  /** An instance that stops: nobody has to wait for it. */
  leave(id: string): Promise<void>
}
