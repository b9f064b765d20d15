// The headers of an answer from the cache: of the bytes themselves, and of where they came from.
import { etagOf, type Answer, type Coding, type Entry } from '../cache/index.ts'
import { pageLinks, type PublicUrl } from './page-links.ts'

/** What all answers of a service have alike. */
export interface AnswerPolicy {
  cacheControl: string
  vary: string
  publicUrl: PublicUrl
}

/** What one of them is sent for. */
export interface Purpose {
  coding: Coding
  /** Path of the route. */
  path: string
  now: number
}

/** By name, in the order in which they are sent. */
export function answerHeaders(
  { entry, outcome, tier }: Answer,
  { cacheControl, vary, publicUrl }: AnswerPolicy,
  { coding, path, now }: Purpose,
): Record<string, string | number> {
  return {
    'content-type': 'application/json; charset=utf-8',
    ...(coding === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
    'cache-control': cacheControl,
    etag: etagOf(entry, coding),
    age: ageOf(entry, now),
    vary,
    'x-cache': outcome,
    'cache-status': cacheStatus(outcome, tier, secondsLeft(entry, now)),
    ...(entry.link === '' ? {} : { link: pageLinks(entry.link, publicUrl, path) }),
  }
}

/** In whole seconds. */
export function ageOf(entry: Entry, now: number): number {
  return Math.max(0, Math.floor((now - entry.storedAt) / 1000))
}

/** In whole seconds; negative past the lifetime. */
export function secondsLeft(entry: Entry, now: number): number {
  return Math.ceil((entry.freshUntil - now) / 1000)
}

/** RFC 9211. A stale answer is a hit with a negative time to live. */
export function cacheStatus(outcome: Answer['outcome'], tier: Answer['tier'], ttl: number): string {
  switch (outcome) {
    case 'HIT':
      return `barometer; hit; ttl=${ttl}; detail=${tier}`
    case 'STALE':
      return `barometer; hit; ttl=${Math.min(ttl, 0)}; detail=stale`
    case 'MISS':
      return 'barometer; fwd=miss; stored'
    case 'BYPASS':
      return 'barometer; fwd=miss; detail=too-large'
  }
}
