// Headers of answers, as the document describes them.

const text = (description: string, example: string) => ({ description, schema: { type: 'string' }, example })

export const ANSWER_HEADERS = {
  RequestId: text(
    'Of this request; one that comes in is kept when it has at most 64 letters, digits and . _ -',
    '2f4c7d0e-9b1a-4c53-8f6e-0d1b2a3c4d5e',
  ),
  ContentEncoding: text('gzip, where the client takes it and the answer is cached so', 'gzip'),
  ETag: text('Strong entity tag of the answer in this coding', '"0pYx3oQm5k1wTq9dVtq2Zg"'),
  CacheControl: text('Ask again each time: any age would outlive a clear', 'no-cache'),
  Age: { description: 'Seconds since the answer was loaded', schema: { type: 'integer' }, example: 12 },
  Vary: text('Request headers that the answer depends on', 'accept-encoding'),
  XCache: {
    description:
      'HIT: from memory or Redis. MISS: loaded. STALE: expired, and a load failed or takes long. BYPASS: loaded, too large to store',
    schema: { type: 'string', enum: ['HIT', 'MISS', 'STALE', 'BYPASS'] },
    example: 'HIT',
  },
  CacheStatus: text('The same as RFC 9211 has it', 'barometer; hit; ttl=288; detail=memory'),
  Link: text(
    'RFC 8288: first, prev and next page, where there are such; references to the address that was asked, absolute with PUBLIC_URL',
    '<?order=desc&limit=20>; rel="first"',
  ),
  RetryAfter: { description: 'Seconds', schema: { type: 'integer' }, example: 2 },
  WwwAuthenticate: text('How to authenticate', 'Bearer'),
} as const

const NAMES: Record<keyof typeof ANSWER_HEADERS, string> = {
  RequestId: 'x-request-id',
  ContentEncoding: 'content-encoding',
  ETag: 'etag',
  CacheControl: 'cache-control',
  Age: 'age',
  Vary: 'vary',
  XCache: 'x-cache',
  CacheStatus: 'cache-status',
  Link: 'link',
  RetryAfter: 'retry-after',
  WwwAuthenticate: 'www-authenticate',
}

/** References by the names that answers have. */
export function references(...headers: (keyof typeof ANSWER_HEADERS)[]): Record<string, object> {
  return Object.fromEntries(
    headers.map((header) => [NAMES[header], { $ref: `#/components/headers/${header}` }]),
  )
}

export function headersOf(isCached: boolean, isList: boolean): Record<string, object> {
  return references(
    'RequestId',
    ...(isCached
      ? (['ContentEncoding', 'ETag', 'CacheControl', 'Age', 'Vary', 'XCache', 'CacheStatus'] as const)
      : []),
    ...(isList ? (['Link'] as const) : []),
  )
}
