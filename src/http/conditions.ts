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
 * What is asked of a resource that has no entity tags: to be there or not, or to be what it never is. An If-None-Match that lists tags
 * asks nothing: none of them is there. One that is neither a list nor `*` may mean either.
 */
export type Precondition = 'present' | 'absent' | 'never' | 'whatever'

export function preconditionOf({
  'if-match': ifMatch,
  'if-none-match': ifNoneMatch,
}: IncomingHttpHeaders): Precondition {
  const mustBeAbsent = ifNoneMatch?.trim() === '*'
  if (!mustBeAbsent && ifNoneMatch !== undefined && !isListOfTags(ifNoneMatch)) return 'never'
  if (ifMatch === undefined) return mustBeAbsent ? 'absent' : 'whatever'
  return ifMatch.trim() === '*' && !mustBeAbsent ? 'present' : 'never'
}

/** Whether a read names what it wants, of something that has no entity tag. */
export function namesATag({ 'if-match': ifMatch }: IncomingHttpHeaders): boolean {
  return ifMatch !== undefined && ifMatch.trim() !== '*'
}

function isListOfTags(text: string): boolean {
  return text.replaceAll(/(?:W\/)?"[^"]*"/g, '').replaceAll(/[\s,]/g, '') === ''
}

const FAILED = {
  present: 'If-Match asks for what is there, and nothing is there',
  absent: 'If-None-Match asks for what is not there, and it is there',
  never: 'there are no entity tags here: If-Match and If-None-Match take *, one of them at a time',
} as const

export function preconditionFailed(precondition: Exclude<Precondition, 'whatever'>): Problem {
  return new Problem('precondition_failed', FAILED[precondition])
}
