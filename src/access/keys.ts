// API keys: kept as hashes, compared in constant time.
import { createHash, timingSafeEqual } from 'node:crypto'

export const SCOPES = ['read', 'stats', 'ops', 'ingest', 'analyse'] as const
export type Scope = (typeof SCOPES)[number]
/** Scopes that change something, or cost. */
export const CHANGING: ReadonlySet<Scope> = new Set(['ops', 'ingest', 'analyse'])

export interface ApiKey {
  name: string
  scopes: ReadonlySet<Scope>
  /** SHA-256 of the key's text. */
  hash: Buffer
}

/**
 * Parses `name:scope+scope:sha256hex,…`.
 *
 * @throws Error that names the entry whose scope is unknown or whose name stands twice.
 */
export function parseApiKeys(text: string | undefined): ApiKey[] {
  const keys: ApiKey[] = []
  for (const entry of text?.split(',') ?? []) {
    const [name = '', scopes = '', hex = ''] = entry.split(':')
    const unknown = scopes.split('+').find((scope) => !(SCOPES as readonly string[]).includes(scope))
    if (unknown !== undefined)
      throw new Error(`API_KEYS: ${name} has the unknown scope ${unknown} (there are ${SCOPES.join(', ')})`)
    if (keys.some((key) => key.name === name)) throw new Error(`API_KEYS: the name ${name} stands twice`)
    keys.push({ name, scopes: new Set(scopes.split('+') as Scope[]), hash: Buffer.from(hex, 'hex') })
  }
  return keys
}

/** The key whose text was presented, or null. Takes as long whichever key it is, and for none. */
export function findKey(keys: ApiKey[], presented: string): ApiKey | null {
  const hash = createHash('sha256').update(presented).digest()
  let found: ApiKey | null = null
  // Hashes are of one length; comparing texts would tell their length, and throws where lengths differ.
  for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key
  return found
}
