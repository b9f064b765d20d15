// An entry that came compressed is inflated no further than it says: what stands in Redis may be anybody's doing.
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { bodyOf, decodeEntry, encodeEntry } from '../../../src/cache/entry.ts'
import { entryWith } from '../../support/held-entries.ts'

t.test('a body that inflates to more than its length is refused', (t) => {
  const gzip = gzipSync(Buffer.alloc(1_000_000))
  const bomb = decodeEntry(encodeEntry({ ...entryWith(Buffer.alloc(10)), gzip, length: 10 }))!
  t.throws(() => bodyOf(bomb), { code: 'ERR_BUFFER_TOO_LARGE' })
  const honest = decodeEntry(encodeEntry({ ...entryWith(Buffer.alloc(0)), gzip, length: 1_000_000 }))!
  t.equal(bodyOf(honest).length, 1_000_000)
  t.end()
})

t.test('an entry without any bytes has none', (t) => {
  t.equal(bodyOf({ ...entryWith(Buffer.alloc(0)), identity: null }).length, 0)
  t.end()
})
