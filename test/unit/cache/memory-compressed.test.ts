// Compressed bytes in the memory tier: they belong to one answer, and the bound counts them.
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { MemoryTier } from '../../../src/cache/memory.ts'
import { Counters } from '../../../src/cache/counters.ts'
import { entryWith } from '../../support/held-entries.ts'

const MIB = 1024 * 1024
const BODY = Buffer.alloc(10_000, 'x')
const OTHER = Buffer.alloc(10_000, 'y')
const GZIP = gzipSync(BODY)

t.test('bytes of one answer are not given under the entity tag of another', (t) => {
  const storedAt = Date.now()
  const compressed = entryWith(BODY, { etag: '"old"', storedAt })
  const others = {
    'loaded since, at the same moment': entryWith(OTHER, { etag: '"new"', storedAt }),
    'the same answer, loaded since': entryWith(BODY, { etag: '"old"', storedAt: storedAt + 1 }),
  }
  for (const [name, other] of Object.entries(others)) {
    const memory = new MemoryTier(MIB)
    memory.set('key', compressed, 0)
    memory.set('key', other, 0)
    memory.compress('key', compressed, GZIP)
    t.match(memory.get('key'), { etag: other.etag, gzip: null }, name)
  }
  const memory = new MemoryTier(MIB)
  memory.compress('key', compressed, GZIP)
  t.equal(memory.get('key'), undefined, 'nor kept where the entry is gone')
  t.end()
})

t.test('they come to the entry that they are of, which stays what it was', (t) => {
  const memory = new MemoryTier(MIB)
  const entry = entryWith(BODY)
  memory.set('key', entry, 7)
  const before = memory.get('key')!
  memory.compress('key', entry, GZIP)
  const after = memory.get('key')!
  t.same(after.gzip, GZIP)
  t.strictSame({ ...after, gzip: null }, before, 'all else, how it was judged and its use included')
  t.end()
})

t.test('the bound counts them, in the tier and by category, and gives them back', (t) => {
  const counters = new Counters(['media'])
  const memory = new MemoryTier(MIB, counters)
  const entry = entryWith(BODY)
  const counted = () => [memory.bytes, counters.of('media:list:').bytes]
  memory.set('media:list:', entry, 0)
  const [bytes = 0] = counted()
  t.ok(bytes > BODY.length)
  memory.compress('media:list:', entry, GZIP)
  t.strictSame(counted(), [bytes + GZIP.length, bytes + GZIP.length])
  t.equal(counters.of('media:list:').entries, 1)
  memory.delete('media:list:')
  t.strictSame([...counted(), memory.size, counters.of('media:list:').entries], [0, 0, 0, 0])
  t.end()
})

t.test('bytes that no compression makes small push others out', (t) => {
  const memory = new MemoryTier(MIB)
  for (let index = 0; index < 50; index++) {
    const entry = entryWith(BODY)
    memory.set(`key:${index}`, entry, 0)
    memory.compress(`key:${index}`, entry, Buffer.alloc(90_000))
  }
  t.ok(memory.bytes <= MIB, `${memory.bytes} bytes`)
  t.ok(memory.size < 12, `${memory.size} entries of 101,000 bytes`)
  t.end()
})

t.test('a slice of a large buffer does not keep that buffer', (t) => {
  const memory = new MemoryTier(MIB)
  const entry = entryWith(BODY)
  memory.set('key', entry, 0)
  memory.compress('key', entry, Buffer.alloc(MIB).subarray(100, 200))
  t.equal(memory.get('key')?.gzip?.buffer.byteLength, 100)
  t.end()
})
