// Analysers, as the rest of the service sees them: each judges a content, for money.
import type { Readable } from 'node:stream'

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

export type Content =
  /** Normalised: see `normaliseText`. */
  | { kind: 'text'; text: string }
  /** `type` is its media type as it was sent, such as `image/png`. Each `open()` reads from its first byte. */
  | { kind: 'file'; bytes: number; type: string; open(): Readable }

/** The request's part of a question: the content is the other. */
export interface Asked {
  language: string | null
  tone: string | null
  parameters: Readonly<Record<string, Json>>
}

export type Verdict =
  | { outcome: 'answered'; result: Json }
  /** 400, 413, 422: the analyser does not take this content. `isPaid` where a model declined in an answer of 200, whose tokens are charged. */
  | { outcome: 'refused'; status: number; isPaid: boolean }
  /** 429, 503: nobody asks before then. From 1 to 3600 seconds. */
  | { outcome: 'busy'; retryAfterSeconds: number }
  /**
   * `reason` is for the log: it holds nothing of the content, of the answer or of a key. `isPaid`: it may have been charged. Either an answer came that
   * is invalid or cut off, or nobody knows: time ran out, or the connection was lost after the request had been sent.
   */
  | { outcome: 'failed'; reason: string; isTimeout: boolean; isPaid: boolean }

export interface Analyser {
  name: string
  kind: 'http' | 'openai' | 'lexicon'
  version: string
  /** Short hash of everything else that its answers depend on: URL, model, prompt, template, result pointer, schema. */
  fingerprint: string
  /** Address that calls go to; null for one that runs in this process. */
  url: string | null
  accepts: ReadonlySet<Content['kind']>
  /** Those that it takes; null: any. */
  languages: ReadonlySet<string> | null
  tones: ReadonlySet<string> | null
  /** Names of parameters that it takes; null: any. */
  parameters: ReadonlySet<string> | null
  /** Price of one call, in millionths of the currency. */
  costMicros: bigint
  /** ISO 4217. */
  currency: string
  /** Limit of a whole call. */
  timeoutMs: number
  /** Calls at a time, of an instance. */
  concurrency: number
  /** Most that a day of UTC may cost; null: no limit. */
  dailyBudgetMicros: bigint | null
  /** Asks once. Never throws; ends soon after the signal does, as a call that failed. */
  call(content: Content, asked: Asked, signal: AbortSignal): Promise<Verdict>
}
