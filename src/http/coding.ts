// Codings of an answer: gzip, or the answer as it is.
import { negotiate } from '@fastify/accept-negotiator'
import { LRUCache } from 'lru-cache'
import { etagOf, type Cache, type Coding, type Entry } from '../cache/index.ts'
import { matchesStrongly, matchesWeakly } from './conditions.ts'

/** Clients of a kind send the same header each time. */
const known = new LRUCache<string, boolean>({ max: 100 })
/** Longer ones than any client has are neither read nor remembered. */
const MAX_LENGTH = 200
/** The negotiator takes `*` for gzip even where that is refused by its name. */
const NO_GZIP = /(?:^|,)\s*gzip\s*;\s*q=0(?:\.0*)?\s*(?:,|$)/

export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined || acceptEncoding.length > MAX_LENGTH) return false
  let accepts = known.get(acceptEncoding)
  if (accepts === undefined) {
    const offered = acceptEncoding.toLowerCase()
    accepts = !NO_GZIP.test(offered) && negotiate(offered, ['gzip', 'identity']) === 'gzip'
    known.set(acceptEncoding, accepts)
  }
  return accepts
}

/** What of an answer a client gets: compressed where it takes that and the answer is there compressed. */
export function codingFor(entry: Entry, acceptEncoding: string | undefined): Coding {
  return entry.gzip !== null && acceptsGzip(acceptEncoding) ? 'gzip' : 'identity'
}

/** Has an answer compressed that a client who takes it so asks for again, and that is not yet. */
export function compressFor(
  cache: Pick<Cache, 'compress' | 'mayCompress'>,
  key: string,
  entry: Entry,
  acceptEncoding: string | undefined,
): void {
  if (acceptsGzip(acceptEncoding) && cache.mayCompress(entry)) cache.compress(key, entry)
}

/** A large answer that nobody has compressed yet, to wait for; null where there is nothing to wait for. */
export function packedFor(
  cache: Pick<Cache, 'packed'>,
  key: string,
  entry: Entry,
  acceptEncoding: string | undefined,
): Promise<Entry> | null {
  return entry.gzip === null && acceptsGzip(acceptEncoding) ? cache.packed(key, entry) : null
}

/** The coding in which a client has this answer already, going by If-None-Match: both are the same answer. */
export function knownCoding(ifNoneMatch: string | undefined, entry: Entry, coding: Coding): Coding | null {
  if (ifNoneMatch === undefined) return null
  if (matchesWeakly(ifNoneMatch, etagOf(entry, coding))) return coding
  const other = coding === 'gzip' ? 'identity' : 'gzip'
  return matchesWeakly(ifNoneMatch, etagOf(entry, other)) ? other : null
}

/** Whether If-Match names this answer, in either coding. */
export function isNamedBy(ifMatch: string, entry: Entry): boolean {
  return (['identity', 'gzip'] as const).some((coding) => matchesStrongly(ifMatch, etagOf(entry, coding)))
}
