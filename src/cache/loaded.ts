// What a load brings, and the entry it becomes: entity tag, tags, lifetimes, and the moment at which the load began.
import { hash } from 'node:crypto'
import type { Moment } from './clear-history.ts'
import type { Entry } from './entry.ts'

export interface Loaded {
  body: Buffer
  /** Value of the Link header, if there is one. */
  link?: string | undefined
  /** Tags that turned out to be narrower than the policy's. */
  tags?: readonly string[] | undefined
  /** Shorter than the policy's, where only what was loaded tells. */
  lifetimeSeconds?: number
  /** True for "there is no such thing": kept briefly, in memory alone, and never answered once it is over. */
  absent?: boolean
}

export interface Policy {
  ttlSeconds: number
  /**
   * What the answer is made of, known before it is loaded: `kind:name`, such as `source:hespress`, or `kind:*` for all of a kind. Whatever is
   * loaded depends on these at most.
   */
  tags?: readonly string[]
  /** Few ask for it twice, such as a page deep in a list: Redis is left alone until its second miss here. */
  isRare?: boolean
  /** The client takes it compressed: a large body is compressed before it is stored, once for all. */
  packs?: boolean
  /** By which whoever warms keys has this one loaded again, such as its URL; without one it never is. */
  recipe?: string
}

/** Lifetimes are shortened by up to a tenth, so that what was loaded together does not expire together. */
const JITTER = 0.1

export interface Lifetimes {
  /** Milliseconds since the Unix epoch, after the load. */
  now: number
  staleSeconds: number
  absentSeconds: number
}

export function newEntry(
  { body, link = '', tags, lifetimeSeconds = Infinity, absent = false }: Loaded,
  policy: Policy,
  { epoch, position }: Moment,
  { now, staleSeconds, absentSeconds }: Lifetimes,
): Entry {
  const ttlSeconds = Math.min(policy.ttlSeconds, lifetimeSeconds, absent ? absentSeconds : Infinity)
  const freshUntil = now + ttlSeconds * 1000 * (1 - JITTER * Math.random())
  return {
    identity: body,
    gzip: null,
    length: body.length,
    etag: `"${hash('sha1', body, 'base64url')}"`,
    link,
    tags: tags ?? policy.tags ?? NO_TAGS,
    absent,
    epoch,
    position,
    storedAt: now,
    freshUntil,
    staleUntil: absent ? freshUntil : freshUntil + staleSeconds * 1000,
  }
}

const NO_TAGS: readonly string[] = []
