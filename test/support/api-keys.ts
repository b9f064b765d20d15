// API keys for tests: each is its own name.
import { createHash } from 'node:crypto'

export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex')

/** The setting for these keys and their scopes. */
export const apiKeys = (scopes: Record<string, string>): string =>
  Object.entries(scopes)
    .map(([key, its]) => `${key}:${its}:${hashOf(key)}`)
    .join(',')
