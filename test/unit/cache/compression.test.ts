// One compression an answer, shared by all who wait for it; whether it is worth waiting for goes by its size alone.
import { gunzipSync } from 'node:zlib'
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { Compression, isLarge } from '../../../src/cache/compression.ts'
import { entryWith } from '../../support/held-entries.ts'

const KIB = 1024

t.test('those who ask at the same time share one compression, and none is made again', async (t) => {
  const compression = new Compression()
  const entry = entryWith(Buffer.from('0123456789'.repeat(30_000)))
  t.equal(compression.mayCompress(entry), true)
  const [one, other] = [compression.compress(entry), compression.compress(entry)]
  t.equal(one, other)
  t.strictSame([compression.mayCompress(entry), compression.isUnderWay(entry)], [false, true])
  t.same(gunzipSync((await one)!), entry.identity)
  t.equal(compression.isUnderWay(entry), false)
})

t.test('what gains nothing goes out as it is, and nobody waits for it again', async (t) => {
  const compression = new Compression()
  const entry = entryWith(randomBytes(300 * KIB))
  t.equal(await compression.compress(entry), null)
  t.strictSame([compression.mayCompress(entry), compression.isUnderWay(entry)], [false, false])
})

t.test('large is from 32 KiB on, until it is compressed', (t) => {
  t.equal(isLarge(entryWith(Buffer.alloc(32 * KIB - 1))), false)
  const entry = entryWith(Buffer.alloc(32 * KIB))
  t.equal(isLarge(entry), true)
  entry.gzip = Buffer.from('compressed')
  t.equal(isLarge(entry), false)
  t.end()
})
