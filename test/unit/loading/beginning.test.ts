// An input is taken for what its first bytes say, or refused with the name to use.
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { beginInput } from '../../../src/loading/beginning.ts'
import type { Format } from '../../../src/loading/formats.ts'
import { LoadError } from '../../../src/loading/report.ts'
import { chunksOf } from '../../support/loading.ts'

const begin = async (text: string | Buffer, stated?: Format, sizes = [65_536]) => {
  const { format, bytes } = await beginInput(chunksOf(Buffer.from(text), sizes), stated, 'csv')
  const pieces: Uint8Array[] = []
  for await (const piece of bytes) pieces.push(piece)
  t.ok(Buffer.concat(pieces).equals(Buffer.from(text)), 'nothing of it is lost')
  return format
}

t.test('an array and an object a line, whichever was said', async (t) => {
  for (const sizes of [[65_536], [1], [2, 3]])
    for (const stated of ['json', 'ndjson', undefined] as const) {
      t.equal(await begin('{"a":1}\n{"a":2}\n', stated, sizes), 'ndjson')
      t.equal(await begin('\u{feff} \n[\n{"a":1}]', stated, sizes), 'json')
    }
  for (const text of ['', 'date,open\n', ' '.repeat(10_000)]) t.equal(await begin(text), 'csv')
  t.equal(await begin('date,open\n', 'ndjson'), 'ndjson')
})

t.test('what cannot be read is named', async (t) => {
  const refused: [text: string | Buffer, stated: Format, message: RegExp][] = [
    [gzipSync('x'), 'csv', /is gzipped .*content-encoding: gzip/],
    [Buffer.from('PK\u0003\u0004'), 'csv', /zip archive or a spreadsheet/],
    [Buffer.from('\u{feff}date', 'utf16le'), 'csv', /UTF-16/],
    [Buffer.from('date', 'utf16le'), 'ndjson', /UTF-16/],
    ['{"a":1}\n', 'csv', /not CSV but JSON .*application\/x-ndjson/],
    ['[{"a":1}]', 'csv', /not CSV but JSON .*application\/json/],
    ['{\n "data": [', 'json', /neither a JSON array nor has it an object a line/],
  ]
  for (const [text, stated, message] of refused)
    await t.rejects(begin(text, stated), { name: LoadError.name, message }, String(text))
})
