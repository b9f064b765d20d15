// The memory tier: its bound is one of bytes, honestly counted, and a sweep takes what the matcher takes.
import v8 from 'node:v8'
import vm from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import type { Entry } from '../../../src/cache/index.ts'
import { compileGlob } from '../../../src/cache/glob.ts'
import { MemoryTier } from '../../../src/cache/memory.ts'
import { entryWith } from '../../support/held-entries.ts'
import { until } from '../../support/until.ts'

const SEED = 20_251_005
const MIB = 1024 * 1024
v8.setFlagsFromString('--expose-gc')
const collectGarbage = vm.runInNewContext('gc') as () => void

function entryOf(body: Buffer, index = 0): Entry {
  // Made at run time, as in the service: literals would be shared.
  const etag = `"${String(index).padStart(27, 'e')}"`
  const now = Date.now() + 0.5
  const times = { storedAt: now, freshUntil: now + 1, staleUntil: now + 2 }
  return entryWith(body, { etag, position: index, ...times })
}

/** What JavaScript objects and buffers take, garbage left out. */
function usedBytes(): { heap: number; buffers: number } {
  let [heap, buffers] = [Infinity, Infinity]
  // One collection leaves what only the next one finds, and buffers are freed behind its back.
  for (let round = 0; round < 4; round++) {
    collectGarbage()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    heap = Math.min(heap, heapUsed)
    buffers = Math.min(buffers, arrayBuffers)
  }
  return { heap, buffers }
}

t.test('the tier stays within its bytes; the least recently used goes first', (t) => {
  const memory = new MemoryTier(MIB)
  for (let index = 0; index < 1000; index++) {
    memory.set(`key:${index}`, entryOf(Buffer.alloc(10_000), index), 0)
    memory.get('key:0')
    if (memory.bytes > MIB) t.fail(`${memory.bytes} bytes after ${index}`)
  }
  t.ok(memory.bytes > MIB * 0.9, 'and it is used')
  t.ok(memory.size > 80 && memory.size < 105, `${memory.size} entries of 10,000 bytes`)
  t.ok(memory.get('key:0'), 'in use all the time')
  t.ok(memory.get('key:999'), 'new')
  t.notOk(memory.get('key:1'), 'long unused')
  t.end()
})

t.test('an entry that alone is over the bound is not kept, and pushes nothing out', (t) => {
  const memory = new MemoryTier(MIB)
  memory.set('small', entryOf(Buffer.alloc(100)), 0)
  memory.set('huge', entryOf(Buffer.alloc(MIB)), 0)
  t.notOk(memory.get('huge'))
  t.ok(memory.get('small'))
  t.end()
})

t.test('an entry that is replaced or deleted gives its bytes back', (t) => {
  const memory = new MemoryTier(MIB)
  memory.set('key', entryOf(Buffer.alloc(1000)), 0)
  const { bytes } = memory
  memory.set('key', entryOf(Buffer.alloc(3000)), 0)
  t.equal(memory.bytes, bytes + 2000)
  t.equal(memory.size, 1)
  memory.delete('key')
  t.strictSame([memory.bytes, memory.size], [0, 0])
  t.end()
})

t.test('a body cut from a large buffer does not keep that buffer', async (t) => {
  const memory = new MemoryTier(10 * MIB)
  const before = usedBytes()
  for (let index = 0; index < 500; index++) {
    const chunk = Buffer.alloc(MIB / 16, index)
    memory.set(`key:${index}`, entryOf(chunk.subarray(1000, 1300)), 0)
  }
  // Freed in the background, some time after the collection that found them unused.
  const grown = () => usedBytes().buffers - before.buffers
  const kept = await until('32 MB to be freed', grown, (bytes) => bytes < MIB)
  t.ok(kept < MIB, `500 bodies of 300 bytes keep ${kept} bytes, not 32 MB`)
  t.same(memory.get('key:7')?.identity, Buffer.alloc(300, 7), 'the bytes are those of the slice')
  const whole = Buffer.alloc(100)
  memory.set('whole', entryOf(whole), 0)
  t.equal(memory.get('whole')?.identity, whole, 'a buffer of its own is not copied')
})

t.test('the bytes accounted for are those that entries take', (t) => {
  for (const bodyBytes of [20, 200, 2000]) {
    const memory = new MemoryTier(100 * MIB)
    const before = usedBytes()
    for (let index = 0; index < 20_000; index++) {
      memory.set(`media:list:cursor=${index}&limit=20`, entryOf(Buffer.alloc(bodyBytes), index), 0)
    }
    const after = usedBytes()
    const real = after.heap - before.heap + after.buffers - before.buffers
    t.equal(memory.size, 20_000)
    const share = real / memory.bytes
    t.ok(
      share > 0.6 && share < 1.1,
      `bodies of ${bodyBytes} bytes: ${share.toFixed(2)} of the bytes accounted for`,
    )
  }
  t.end()
})

t.test('a sweep removes what the matcher matches, says so, and nothing else', async () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*'), minLength: 1, maxLength: 5 })
  const pattern = fc.string({
    unit: fc.constantFrom('a', 'b', ':', '*', '?', '[ab]', '\\*'),
    minLength: 1,
    maxLength: 5,
  })
  const property = fc.asyncProperty(fc.uniqueArray(key), pattern, async (keys, pattern) => {
    const memory = new MemoryTier(MIB)
    for (const key of keys) memory.set(key, entryOf(Buffer.alloc(1)), 0)
    const matches = compileGlob(pattern)
    const removed = await memory.sweep(matches)
    const held = keys.filter((key) => memory.get(key) !== undefined)
    const isRight = keys.every(
      (key) => removed.has(key) === matches(key) && held.includes(key) !== matches(key),
    )
    return isRight && removed.size + memory.size === keys.length
  })
  await fc.assert(property, { seed: SEED, numRuns: 500 })
})

t.test('a sweep of many keys lets others have their turn', async (t) => {
  const memory = new MemoryTier(100 * MIB)
  for (let index = 0; index < 20_000; index++) memory.set(`key:${index}`, entryOf(Buffer.alloc(1)), 0)
  let turns = 0
  const count = (): void => {
    turns++
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  const removed = await memory.sweep(() => true)
  clearImmediate(next)
  t.equal(removed.size, 20_000)
  t.ok(turns >= 3, `${turns} turns of the event loop`)
})

t.test('a tier of no bytes is off', async (t) => {
  const memory = new MemoryTier(0)
  t.equal(memory.enabled, false)
  memory.set('key', entryOf(Buffer.alloc(1)), 0)
  t.equal(memory.get('key'), undefined)
  t.equal((await memory.sweep(() => true)).size, 0)
  t.strictSame([memory.size, memory.bytes], [0, 0])
})
