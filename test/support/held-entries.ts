// Entries made by hand.
import type { Entry } from '../../src/cache/index.ts'

/** One that was stored now and is fresh for a minute, except for what is given. */
export function entryWith(body: Buffer, given: Partial<Entry> = {}): Entry {
  const now = Date.now()
  return {
    identity: body,
    gzip: null,
    length: body.length,
    etag: '"etag"',
    link: '',
    tags: [],
    absent: false,
    epoch: 'log',
    position: 0,
    storedAt: now,
    freshUntil: now + 60_000,
    staleUntil: now + 120_000,
    ...given,
  }
}
