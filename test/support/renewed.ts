// A cache that has its lease, for tests of what needs one.
import type { Cache } from '../../src/cache/index.ts'
import { notYet, until } from './until.ts'

/** A quiet instance has no lease, and on a busy machine a renewal may take longer than a request waits for it. */
export async function renewed(cache: Cache): Promise<void> {
  await until('a lease', () => {
    if (cache.lease.state === 'held') return true
    cache.catchUp()
    return notYet(cache.lease)
  })
}
