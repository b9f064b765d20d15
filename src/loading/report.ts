// What a load tells about itself while it runs and when it is done.

/** A line of the input that was not loaded. */
export interface Rejection {
  /** Counted from 1, header and empty lines included: what an editor shows. */
  line: number
  /** In a JSON array: which of its items, counted from 1; the line is the one on which it begins. */
  item?: number
  /** The field at fault; null where it is the line as a whole. */
  field: string | null
  reason: string
}

/** What one line of input turned out to be. */
export type Parsed<Row> = { line: number; item?: number; row: Row } | Rejection

export interface LoadProgress {
  /** `reading` until the input ends, then `writing` the tables, then `scoring`. */
  phase: 'reading' | 'writing' | 'scoring'
  /** Bytes of input read so far. */
  bytes: number
  /** Lines of data seen so far, accepted or not. */
  rows: number
}

/** `read` is the sum of `inserted`, `updated`, `unchanged`, `duplicates` and `rejected`. */
export interface LoadReport {
  /** Lines of data; a header and empty lines are not among them. */
  read: number
  inserted: number
  updated: number
  unchanged: number
  /** Lines that a later line of the same input with the same key replaced; of bars, only such as say the same. */
  duplicates: number
  rejected: number
  /** The first hundred of those rejected, in the input's order. */
  rejections: Rejection[]
  /** Columns or fields that mean nothing to the load, as the input spells them. */
  ignored: string[]
  /** What may be wrong with the input as a whole. */
  warnings: string[]
  /** Score snapshots written or deleted after the commit; null where a running service computed them, or will. */
  scoresChanged: number | null
}

/**
 * Why a load failed as a whole: the input is `refused`, or cannot be read to its end (`unreadable`); somebody else holds what it needs (`busy`);
 * PostgreSQL is away or full (`unavailable`), or went away at the commit, so that nobody knows (`uncertain`).
 */
export type LoadFailure = 'refused' | 'unreadable' | 'busy' | 'unavailable' | 'uncertain'

/** The load as a whole is refused or failed, and nothing of it was kept; the message is for the person who started it. */
export class LoadError extends Error {
  override name = 'LoadError'
  readonly kind: LoadFailure

  constructor(message: string, { kind = 'refused', ...options }: ErrorOptions & { kind?: LoadFailure } = {}) {
    super(message, options)
    this.kind = kind
  }
}

/** Lines were rejected, and the load was asked for all or nothing. */
export class RowsRejected extends LoadError {
  readonly read: number
  readonly rejections: Rejection[]

  constructor({ read, rejected, rejections }: Pick<LoadReport, 'read' | 'rejected' | 'rejections'>) {
    super(`${rejected === 1 ? 'a line was' : `${rejected} lines were`} rejected; nothing was loaded`)
    this.read = read
    this.rejections = rejections
  }
}

/** The data are loaded, their scores are not: the work on them failed or was broken off. */
export class ScoresUnfinished extends LoadError {
  readonly report: LoadReport

  constructor(report: LoadReport, reason: string, options: ErrorOptions) {
    super(
      `the scores could not be computed: ${reason}; what was loaded is kept, and a service that runs will compute them, or rescore`,
      options,
    )
    this.report = report
  }
}

export const REJECTIONS_KEPT = 100
