// Cache-Control of a request (RFC 9111, 5.2.1): the two directives that an answer may depend on.

export interface RequestDirectives {
  /** A kept answer is not wanted. */
  noCache: boolean
  /** Only a kept answer is wanted. */
  onlyIfCached: boolean
}

const NONE: RequestDirectives = { noCache: false, onlyIfCached: false }

export function requestDirectives(cacheControl: string | undefined): RequestDirectives {
  if (cacheControl === undefined) return NONE
  const names = cacheControl.split(',').map((directive) => directive.trim().split('=', 1)[0]?.toLowerCase())
  return { noCache: names.includes('no-cache'), onlyIfCached: names.includes('only-if-cached') }
}
