// What a selection in memory sees, and what an entry counts for that came compressed.
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { MemoryTier } from '../../../src/cache/memory.ts'
import { compileSelector } from '../../../src/cache/selector.ts'
import { entryWith } from '../../support/held-entries.ts'

const MIB = 1024 * 1024

function filled(): MemoryTier {
  const memory = new MemoryTier(MIB)
  memory.set('a', entryWith(Buffer.alloc(1), { tags: ['source:x', 'dataset:media'] }), 0)
  memory.set('b', entryWith(Buffer.alloc(1), { tags: ['source:*'] }), 0)
  memory.set('c', entryWith(Buffer.alloc(1), { tags: ['source:y'] }), 0)
  return memory
}

t.test('entries are found by their tags, and by what stands for all of a kind', async (t) => {
  const memory = filled()
  const matches = compileSelector({ kind: 'tag', selector: 'source:x' })
  t.strictSame([...(await memory.find(matches))], ['b', 'a'])
  t.equal(memory.size, 3, 'to find is not to remove')
  t.strictSame([...(await memory.sweep(matches))], ['b', 'a'])
  t.strictSame([...(await memory.find(() => true))], ['c'])
})

t.test('an entry that came compressed counts for what it takes once it is inflated', (t) => {
  const body = Buffer.alloc(100_000)
  const gzip = gzipSync(body)
  const memory = new MemoryTier(MIB)
  memory.set('a', { ...entryWith(body), gzip }, 0)
  const { bytes } = memory
  memory.set('a', { ...entryWith(body), identity: null, gzip }, 0)
  t.equal(memory.bytes, bytes)
  t.ok(bytes > body.length + gzip.length)
  t.end()
})
