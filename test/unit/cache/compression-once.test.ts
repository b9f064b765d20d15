// What is compressed: once, few at a time, and only where that gains something.
import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { Compression } from '../../../src/cache/compression.ts'
import { entryWith } from '../../support/held-entries.ts'

const LEAST_BYTES = 1400
const MOST_AT_ONCE = 16
const body = (length: number): Buffer => Buffer.alloc(length, 'abcdefghij')

t.test('an answer is compressed once, whatever came of it', async (t) => {
  const compression = new Compression()
  const packs = entryWith(body(5000))
  const doesNot = entryWith(randomBytes(5000))
  for (const entry of [packs, doesNot]) t.equal(compression.mayCompress(entry), true)
  const gzip = (await compression.compress(packs))!
  t.same(gunzipSync(gzip), packs.identity)
  t.equal(await compression.compress(doesNot), null, 'no smaller than it was')
  for (const entry of [packs, doesNot]) t.equal(compression.mayCompress(entry), false)
  t.equal(compression.mayCompress(entryWith(body(5000))), true, 'another one')
})

t.test('what is so already, is too short or has no bytes at hand is left alone', async (t) => {
  const compression = new Compression()
  t.equal(compression.mayCompress({ ...entryWith(body(5000)), gzip: Buffer.alloc(10) }), false)
  t.equal(compression.mayCompress(entryWith(body(LEAST_BYTES - 1))), false)
  t.equal(compression.mayCompress(entryWith(body(LEAST_BYTES))), true)
  t.equal(await compression.compress({ ...entryWith(body(5000)), identity: null }), null)
})

t.test('it has to lose a tenth', async (t) => {
  const compression = new Compression()
  const random = randomBytes(9000)
  // Of what does not pack, so much that what does makes nine parts of ten, or a little more or less.
  const most = entryWith(Buffer.concat([random, body(600)]))
  const less = entryWith(Buffer.concat([random, body(1600)]))
  t.equal(await compression.compress(most), null)
  t.not(await compression.compress(less), null)
})

t.test('while many are under way the others wait for another hit of theirs', async (t) => {
  const compression = new Compression()
  const running = Array.from({ length: MOST_AT_ONCE }, () => compression.compress(entryWith(body(5000))))
  const next = entryWith(body(5000))
  t.equal(compression.mayCompress(next), false)
  await Promise.all(running)
  t.equal(compression.mayCompress(next), true)
})
