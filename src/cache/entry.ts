// A cached answer, and the binary envelope in which it travels through Redis.
import { crc32, gunzipSync } from 'node:zlib'

export interface Entry {
  /** The answer's bytes; null where only the compressed ones came from Redis and nobody has asked for these: see `bodyOf`. */
  identity: Buffer | null
  /** The same, compressed once; null where that is not worth it, or not done yet. */
  gzip: Buffer | null
  /** Bytes of the answer, not compressed. */
  length: number
  /** Strong entity tag of the answer, quotes included. The compressed one has its own: see `etagOf`. */
  etag: string
  /** Value of the Link header (RFC 8288), empty for none. */
  link: string
  /** What the answer was made of, such as `source:hespress`: a clear by tag selects by these. */
  tags: readonly string[]
  /** True for "there is no such thing": the body says what is missing. */
  absent: boolean
  /** Which clear log `position` counts in. */
  epoch: string
  /** Position in the clear log at which the load began. */
  position: number
  /** Milliseconds since the Unix epoch: loaded, fresh until, and usable in place of a failed load until. */
  storedAt: number
  freshUntil: number
  staleUntil: number
}

export type Coding = 'identity' | 'gzip'

/** The answer as it is. Inflated once, for clients that do not take it compressed. */
export function bodyOf(entry: Entry): Buffer {
  return (entry.identity ??=
    entry.gzip === null ? Buffer.alloc(0) : gunzipSync(entry.gzip, { maxOutputLength: entry.length }))
}

/** The entity tag of one coding: two that differ in a byte must not share one. */
export function etagOf({ etag }: Pick<Entry, 'etag'>, coding: Coding): string {
  return coding === 'identity' ? etag : `${etag.slice(0, -1)}-gzip"`
}

/**
 * Layout, big endian: magic u16, version u8, flags u8, CRC-32 u32 of all that follows, begun with the flags; then position, storedAt, freshUntil, staleUntil
 * (f64 each), lengths of epoch u8, etag u8, link u16, tags u16, of the answer u32 and of the body that follows u32; then epoch, etag, link and
 * tags (each ended by a line feed) in UTF-8, and the body. Flag 1: the body is the answer gzipped.
 */
const MAGIC = 0xba40
const VERSION = 2
const GZIPPED = 1
const CHECKED_FROM = 8
/** The CRC is among the first so many bytes, so they tell one envelope from another. */
export const HEAD_LENGTH = 54

/** The envelope of an entry. */
export function encodeEntry(entry: Entry): Buffer {
  const { gzip, length } = entry
  const body = gzip ?? bodyOf(entry)
  const texts = [entry.epoch, entry.etag, entry.link, entry.tags.map((tag) => `${tag}\n`).join('')].map(
    (text) => Buffer.from(text),
  )
  const [epoch, etag, link, tags] = texts.map((text) => text.length) as [number, number, number, number]
  const buffer = Buffer.allocUnsafe(HEAD_LENGTH + epoch + etag + link + tags + body.length)
  buffer.writeUInt16BE(MAGIC, 0)
  buffer.writeUInt8(VERSION, 2)
  buffer.writeUInt8(gzip === null ? 0 : GZIPPED, 3)
  buffer.writeDoubleBE(entry.position, 8)
  buffer.writeDoubleBE(entry.storedAt, 16)
  buffer.writeDoubleBE(entry.freshUntil, 24)
  buffer.writeDoubleBE(entry.staleUntil, 32)
  buffer.writeUInt8(epoch, 40)
  buffer.writeUInt8(etag, 41)
  buffer.writeUInt16BE(link, 42)
  buffer.writeUInt16BE(tags, 44)
  buffer.writeUInt32BE(length, 46)
  buffer.writeUInt32BE(body.length, 50)
  let offset = HEAD_LENGTH
  for (const part of [...texts, body]) offset += part.copy(buffer, offset)
  buffer.writeUInt32BE(checksum(buffer), 4)
  return buffer
}

function checksum(envelope: Buffer): number {
  return crc32(envelope.subarray(CHECKED_FROM), envelope.readUInt8(3))
}

/** The entry in an envelope, or null where the bytes are cut, damaged, of another version or not ours at all. */
export function decodeEntry(buffer: Buffer): Entry | null {
  if (buffer.length < HEAD_LENGTH || buffer.readUInt16BE(0) !== MAGIC) return null
  const flags = buffer.readUInt8(3)
  if (buffer.readUInt8(2) !== VERSION || flags > GZIPPED) return null
  if (checksum(buffer) !== buffer.readUInt32BE(4)) return null
  const epochEnd = HEAD_LENGTH + buffer.readUInt8(40)
  const etagEnd = epochEnd + buffer.readUInt8(41)
  const linkEnd = etagEnd + buffer.readUInt16BE(42)
  const tagsEnd = linkEnd + buffer.readUInt16BE(44)
  if (tagsEnd + buffer.readUInt32BE(50) !== buffer.length) return null
  const body = buffer.subarray(tagsEnd)
  return {
    identity: flags === GZIPPED ? null : body,
    gzip: flags === GZIPPED ? body : null,
    // In the order of a new entry's, so that V8 takes both for objects of one kind.
    length: buffer.readUInt32BE(46),
    etag: buffer.toString('utf8', epochEnd, etagEnd),
    link: buffer.toString('utf8', etagEnd, linkEnd),
    tags: buffer.toString('utf8', linkEnd, tagsEnd).split('\n').slice(0, -1),
    absent: false,
    epoch: buffer.toString('utf8', HEAD_LENGTH, epochEnd),
    position: buffer.readDoubleBE(8),
    storedAt: buffer.readDoubleBE(16),
    freshUntil: buffer.readDoubleBE(24),
    staleUntil: buffer.readDoubleBE(32),
  }
}
