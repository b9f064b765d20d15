// The web origins whose pages may read answers: CORS_ORIGINS, checked at start.

const SHOWN_LENGTH = 60

/**
 * Parses `https://app.example,http://localhost:3000` or `*`; null for none.
 *
 * @throws Error that names the entry that no browser would ever send, and what it would send in its place.
 */
export function parseOrigins(text: string | undefined): ReadonlySet<string> | '*' | null {
  if (text === undefined) return null
  if (text === '*') return '*'
  const origins = text.split(',')
  for (const origin of origins) {
    const complaint = complaintAbout(origin)
    if (complaint !== null)
      throw new Error(`CORS_ORIGINS: ${JSON.stringify(origin.slice(0, SHOWN_LENGTH))} ${complaint}`)
  }
  return new Set(origins)
}

/** A browser sends scheme, host in lower case and a port only where it is not the scheme's own; compared is the whole text. */
function complaintAbout(origin: string): string | null {
  const form = 'is not an origin, such as https://app.example or http://localhost:3000'
  if (origin === '*') return 'cannot stand beside others'
  if (origin.includes('*')) return 'has a wildcard, and origins are compared whole'
  if (!URL.canParse(origin)) return form
  const { protocol, origin: sent } = new URL(origin)
  if (protocol !== 'http:' && protocol !== 'https:') return form
  return origin === sent
    ? null
    : `is not written as browsers send it, which is ${sent.slice(0, SHOWN_LENGTH)}`
}
