// CSV: what is well formed reads as a library reads it, and a quote too many spoils its own line only.
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import t from 'tap'
import { readTable, splitFields } from '../../../src/loading/csv.ts'
import { MAX_LINE_BYTES } from '../../../src/loading/lines.ts'
import { chunksOf, collect } from '../../support/loading.ts'

const read = (text: string, multiline = true, sizes = [65_536]) => {
  const columns = { required: ['a', 'b'], optional: ['c'], multiline } as const
  return collect(readTable(chunksOf(Buffer.from(text), sizes), columns))
}

t.test('a record is what csv-parse makes of it', (t) => {
  const piece = fc.constantFrom('a', 'é😀', ' ', ',', '"', '""', '\n', '\t', '1', '\\')
  const field = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))
  const written = fc.oneof(
    field.map((text) => text.replaceAll(/["\n,]/g, '')),
    field.map((text) => `"${text.replaceAll('"', '""')}"`),
    field.map((text) => ` "${text.replaceAll('"', '""')}" `),
  )
  const record = fc.array(written, { minLength: 1, maxLength: 5 }).map((fields) => fields.join(','))
  fc.assert(
    fc.property(record, (text) => {
      // To the library, a record of nothing but blanks is none, and there may be none.
      if (text.trim() === '') return
      t.strictSame(splitFields(text), parse(text, { trim: true, relax_column_count: true })[0], text)
    }),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('what is broken is broken to both', (t) => {
  for (const text of ['"', 'a,"b', 'a"b', '"a"b,c', 'a,"b"c"', '"a""', 'a "b" c']) {
    t.equal(splitFields(text), null, text)
    t.throws(() => parse(text, { trim: true }), text)
  }
  t.end()
})

t.test('a very long value does not exhaust the stack', (t) => {
  const long = 'x""'.repeat(340_000)
  t.strictSame(splitFields(`"${long}",b`), [long.replaceAll('""', '"'), 'b'])
  t.end()
})

t.test('a quoted value may go on over lines, which count', async (t) => {
  const text = 'a,b\r\n1,"x\r\n\r\n y ""z"""\r\n2,3\r\n'
  for (const sizes of [[65_536], [1], [3, 2]])
    t.strictSame(await read(text, true, sizes), [
      { line: 2, values: { a: '1', b: 'x\r\n\r\n y "z"' } },
      { line: 5, values: { a: '2', b: '3' } },
    ])
})

t.test('a quote too many spoils its own line, whatever it seemed to open', async (t) => {
  const good = Array.from({ length: 5 }, (_, index) => `${index},"v"`)
  for (const bad of ['x,"y', 'x,5" disk', '"x"y,z"']) {
    for (const lines of [
      [bad, ...good],
      [bad, ...good, bad, ...good],
      [bad, bad, ...good],
      [...good, bad],
    ]) {
      const records = await read(['a,b', ...lines].join('\n'))
      // Two that follow on each other may read as one record; then what is between them is in it.
      const broken = records.flatMap((record) => ('reason' in record ? [record.line] : []))
      const joined = records.some((record) => 'values' in record && record.values.b?.includes('\n'))
      if (joined) continue
      t.strictSame(
        broken,
        lines.flatMap((line, index) => (line === bad ? [index + 2] : [])),
        lines.join('|'),
      )
    }
  }
})

t.test('a value that does not end within one mebibyte is given up, and costs its line', async (t) => {
  const rows = Array.from({ length: 300 }, () => `1,${'y'.repeat(10_000)}`)
  const records = await read(['a,b', 'x,"y', ...rows].join('\n'))
  t.ok(rows.join('\n').length > MAX_LINE_BYTES)
  t.match(records[0], { line: 2, reason: 'broken quoting' })
  t.equal(records.filter((record) => 'values' in record).length, 300)
})

t.test('where no value goes on, a quote left open is the line’s own', async (t) => {
  t.strictSame(await read('a,b\n1,"x\n2,"y\n3,z', false), [
    { line: 2, field: null, reason: 'broken quoting' },
    { line: 3, field: null, reason: 'broken quoting' },
    { line: 4, values: { a: '3', b: 'z' } },
  ])
})

t.test('a line that is not UTF-8 inside of a value ends it', async (t) => {
  const bytes = Buffer.concat([Buffer.from('a,b\n1,"x\n'), Buffer.from([0xff]), Buffer.from('\n2,3\n')])
  const columns = { required: ['a', 'b'], optional: [], multiline: true } as const
  t.strictSame(await collect(readTable(chunksOf(bytes, [64]), columns)), [
    { line: 2, field: null, reason: 'broken quoting' },
    { line: 3, field: null, reason: 'the line is not valid UTF-8' },
    { line: 4, values: { a: '2', b: '3' } },
  ])
})
