// The envelope in which an entry travels through Redis: all of it comes back, or nothing.
import { isDeepStrictEqual } from 'node:util'
import { crc32, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { bodyOf, decodeEntry, encodeEntry, etagOf, type Entry } from '../../../src/cache/entry.ts'

const SEED = 20_251_003
/** Where the layout has what; written down here once more, since entries outlive the process that wrote them. */
const VERSION_AT = 2
const FLAGS_AT = 3
const CHECKSUM_AT = 4
const CHECKED_FROM = 8
/** The last byte of each length. */
const LENGTHS = { epoch: 40, etag: 41, link: 43, tags: 45, body: 53 }

const ascii = (maxLength: number) => fc.string({ unit: 'binary-ascii', maxLength })
const bodies = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes))
const entries: fc.Arbitrary<Entry> = fc.record(
  {
    identity: bodies,
    gzip: fc.constant(null),
    length: fc.constant(0),
    absent: fc.constant(false),
    tags: fc.array(
      fc.string({ unit: 'grapheme', maxLength: 40 }).map((tag) => tag.replace(/\n/g, '')),
      { maxLength: 5 },
    ),
    etag: ascii(40),
    link: fc.oneof(ascii(200), fc.constant('x'.repeat(65_535))),
    epoch: fc.oneof(ascii(40), fc.constant('e'.repeat(255))),
    position: fc.maxSafeNat(),
    storedAt: fc.double({ noNaN: true }),
    freshUntil: fc.double({ noNaN: true }),
    staleUntil: fc.double({ noNaN: true }),
  },
  { noNullPrototype: true },
)

const SAMPLE: Entry = {
  identity: Buffer.from('{"data":[],"count":0}'),
  gzip: null,
  length: 21,
  tags: ['dataset:media', 'source:élan'],
  absent: false,
  etag: '"2jmj7l5rSw0yVb_vlWAYkK_YBwk"',
  link: '</api/v1/volume?limit=20>; rel="first"',
  epoch: '7710572587237696667-00000001-16384-16397',
  position: 42,
  storedAt: 1_760_000_000_000,
  freshUntil: 1_760_000_300_000.5,
  staleUntil: 1_760_003_900_000.5,
}

/** With the checksum made right again, so that only what lies behind it can object. */
function resealed(envelope: Buffer): Buffer {
  const copy = Buffer.from(envelope)
  copy.writeUInt32BE(crc32(copy.subarray(CHECKED_FROM)), CHECKSUM_AT)
  return copy
}

t.test('an entry comes back as it was', (t) => {
  const property = fc.property(entries, (drawn) => {
    const entry = { ...drawn, length: drawn.identity?.length ?? 0 }
    const decoded = decodeEntry(encodeEntry(entry))
    return (
      decoded !== null && isDeepStrictEqual({ ...decoded, identity: Buffer.from(bodyOf(decoded)) }, entry)
    )
  })
  fc.assert(property, { seed: SEED, numRuns: 500 })
  t.strictSame(decodeEntry(encodeEntry(SAMPLE)), SAMPLE)
  t.end()
})

t.test('an entry of nothing but numbers comes back', (t) => {
  const bare = { ...SAMPLE, identity: Buffer.alloc(0), length: 0, tags: [], etag: '', link: '', epoch: '' }
  t.strictSame(decodeEntry(encodeEntry(bare)), bare)
  t.end()
})

t.test('compressed it travels compressed, and is inflated for whoever needs it so', (t) => {
  const body = Buffer.from('{"title":"again and again"}'.repeat(100))
  const entry = { ...SAMPLE, identity: body, gzip: gzipSync(body), length: body.length }
  const envelope = encodeEntry(entry)
  t.ok(envelope.length < body.length / 4, `${envelope.length} bytes of ${body.length}`)
  const decoded = decodeEntry(envelope)!
  t.equal(decoded.identity, null, 'not inflated yet')
  t.same(decoded.gzip, entry.gzip)
  t.same(bodyOf(decoded), body)
  t.equal(bodyOf(decoded), bodyOf(decoded), 'once')
  t.equal(etagOf(decoded, 'identity'), SAMPLE.etag)
  t.equal(etagOf(decoded, 'gzip'), '"2jmj7l5rSw0yVb_vlWAYkK_YBwk-gzip"')
  t.end()
})

t.test('cut off at any length it is nothing, and so it is with bytes behind it', (t) => {
  const envelope = encodeEntry(SAMPLE)
  for (let length = 0; length < envelope.length; length++) {
    const cut = envelope.subarray(0, length)
    if (decodeEntry(cut) !== null) t.fail(`decoded when cut to ${length}`)
    if (length >= CHECKED_FROM && decodeEntry(resealed(cut)) !== null)
      t.fail(`decoded when cut to ${length} with a fitting checksum`)
  }
  const longer = Buffer.concat([envelope, Buffer.from('x')])
  t.equal(decodeEntry(longer), null)
  t.equal(decodeEntry(resealed(longer)), null)
  t.ok(decodeEntry(envelope), 'whole it is an entry')
  t.end()
})

t.test('with any byte changed to any other it is nothing', (t) => {
  const envelope = encodeEntry(SAMPLE)
  for (let index = 0; index < envelope.length; index++) {
    for (let change = 1; change < 256; change++) {
      const damaged = Buffer.from(envelope)
      damaged[index] = damaged[index]! ^ change
      if (decodeEntry(damaged) !== null) t.fail(`byte ${index} changed by ${change} was not noticed`)
    }
  }
  t.pass(`${envelope.length} bytes`)
  t.end()
})

t.test('lengths that do not add up are not followed, whatever the checksum says', (t) => {
  const envelope = encodeEntry(SAMPLE)
  for (const [name, offset] of Object.entries(LENGTHS)) {
    for (const change of [1, 128, 255]) {
      const damaged = Buffer.from(envelope)
      damaged[offset] = damaged[offset]! ^ change
      t.equal(decodeEntry(resealed(damaged)), null, `${name} changed by ${change}`)
    }
  }
  t.end()
})

t.test('another version and foreign values are nothing', (t) => {
  const newer = Buffer.from(encodeEntry(SAMPLE))
  newer.writeUInt8(newer.readUInt8(VERSION_AT) + 1, VERSION_AT)
  t.equal(decodeEntry(newer), null)
  const flagged = Buffer.from(encodeEntry(SAMPLE))
  flagged.writeUInt8(2, FLAGS_AT)
  // Begun with the flags.
  flagged.writeUInt32BE(crc32(flagged.subarray(CHECKED_FROM), 2), CHECKSUM_AT)
  t.equal(decodeEntry(flagged), null, 'a flag that this release does not know')
  const foreign = ['', 'OK', JSON.stringify(SAMPLE), '\0'.repeat(100), '\uffff'.repeat(100)]
  for (const text of foreign) t.equal(decodeEntry(Buffer.from(text)), null, JSON.stringify(text.slice(0, 20)))
  const property = fc.property(
    fc.uint8Array({ maxLength: 200 }),
    (bytes) => decodeEntry(Buffer.from(bytes)) === null,
  )
  fc.assert(property, { seed: SEED, numRuns: 2000 })
  t.end()
})
