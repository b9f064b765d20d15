// Conditional requests (RFC 9110, 13): what If-Match and If-None-Match say of what there is.
import type { IncomingHttpHeaders } from 'node:http'
import { Problem } from '../problems.ts'

/** If-None-Match: a list of entity tags or `*`, compared weakly. */
export function matchesWeakly(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch === etag || ifNoneMatch.trim() === '*') return true
  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}

/** If-Match: the same, compared strongly: a weak tag names nothing that there is. */
export function matchesStrongly(ifMatch: string, etag: string): boolean {
  if (ifMatch.trim() === '*') return true
  return ifMatch.split(',').some((tag) => tag.trim() === etag)
}

/**
 * What a write asks of a resource that has no entity tags: to be there or not, or to be what it never is. An If-None-Match that lists tags
 * asks nothing: none of them is there.
 */
export type Precondition = 'present' | 'absent' | 'never' | 'whatever'

export function preconditionOf({
  'if-match': ifMatch,
  'if-none-match': ifNoneMatch,
}: IncomingHttpHeaders): Precondition {
  const mustBeAbsent = ifNoneMatch?.trim() === '*'
  if (ifMatch === undefined) return mustBeAbsent ? 'absent' : 'whatever'
  return ifMatch.trim() === '*' && !mustBeAbsent ? 'present' : 'never'
}

const FAILED = {
  present: 'If-Match asks for what is there, and nothing is there',
  absent: 'If-None-Match asks for what is not there, and it is there',
  never: 'there are no entity tags here: If-Match and If-None-Match take *, one of them at a time',
} as const

export function preconditionFailed(precondition: Exclude<Precondition, 'whatever'>): Problem {
  return new Problem('precondition_failed', FAILED[precondition])
}
