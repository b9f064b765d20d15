// A JSON array comes out item by item however its bytes are cut, and an item that is wrong costs only itself.
import fc from 'fast-check'
import t from 'tap'
import { readValues } from '../../../src/loading/formats.ts'
import { readItems } from '../../../src/loading/json-array.ts'
import { MAX_LINE_BYTES } from '../../../src/loading/lines.ts'
import { LoadError } from '../../../src/loading/report.ts'
import { chunksOf, collect } from '../../support/loading.ts'

const read = (text: string | Buffer, sizes = [65_536]) =>
  collect(readValues(chunksOf(Buffer.from(text), sizes), 'json'))
const items = (text: string | Buffer) => collect(readItems(chunksOf(Buffer.from(text), [65_536])))

t.test('however it is written and cut, the items are those of JSON.parse', async (t) => {
  const blank = fc.constantFrom('', ' ', '\n', '\r\n\t', '\n\n')
  const property = fc.asyncProperty(
    fc.array(fc.tuple(fc.jsonValue(), blank, blank, fc.constantFrom(undefined, 1, '\t'))),
    fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
    blank,
    async (values, sizes, around) => {
      const written = values.map(
        ([value, before, after, indent]) => before + JSON.stringify(value, null, indent) + after,
      )
      const text = `${around}[${written.join(',')}]${around}`
      let before = `${around}[`
      const expected = values.map(([value, blank], index) => {
        const line = (before + blank).split('\n').length
        before += `${written[index]!},`
        return { line, item: index + 1, value: JSON.parse(JSON.stringify(value)) as unknown }
      })
      t.strictSame(await read(text, sizes), expected)
    },
  )
  await fc.assert(property, { numRuns: 300 })
})

t.test('an item that is wrong is named by line and place, the others are read', async (t) => {
  const cases: [text: string, item: number, line: number][] = [
    ['[1,\n{"a":},\n3]', 2, 2],
    ['[1,,3]', 2, 1],
    ['[1,{"a":1],3]', 2, 1],
    ['[1,}x,3]', 2, 1],
    ["[1,'a',3]", 2, 1],
    ['[1,2 3,\n\n3]', 2, 1],
    ['[1,"\n",3]', 2, 1],
    ['[1,3,]', 3, 1],
  ]
  for (const [text, item, line] of cases) {
    const records = await read(text)
    t.strictSame(
      records.flatMap((record) =>
        'reason' in record ? [{ ...record, reason: record.reason.split(':')[0] }] : [],
      ),
      [{ line, item, field: null, reason: 'the item is not JSON' }],
      text,
    )
    t.strictSame(
      records.flatMap((record) => ('value' in record ? [record.value] : [])),
      [1, 3],
      text,
    )
  }
})

t.test('an item over one mebibyte, and one that is not UTF-8', async (t) => {
  const fits = `"${'x'.repeat(MAX_LINE_BYTES - 2)}"`
  const records = await items(`[${fits},\n${fits.replace('"', '"y')},3]`)
  t.strictSame(records[0], { line: 1, item: 1, text: fits })
  t.strictSame(records[1], { line: 2, item: 2, field: null, reason: 'the item is longer than 1 MiB' })
  t.strictSame(records[2], { line: 2, item: 3, text: '3' })
  t.strictSame(await items(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x2c, 0x31, 0x5d])), [
    { line: 1, item: 1, field: null, reason: 'the item is not valid UTF-8' },
    { line: 1, item: 2, text: '1' },
  ])
})

t.test('an empty array has no items, with a byte order mark either', async (t) => {
  for (const text of ['[]', ' [ \n] \n', '\u{feff}[]']) t.strictSame(await read(text), [], text)
})

t.test('what is no whole array is refused', async (t) => {
  const refusals: [text: string, message: RegExp][] = [
    ['', /empty/],
    [' \n', /empty/],
    ['{"a":1}', /not a JSON array/],
    ['{"a":1}\n{"a":2}\n', /not a JSON array/],
    ['date,open\n', /not a JSON array/],
    ['[1,2', /does not end; item 2, begun in line 1/],
    ['[1,\n"2]', /does not end; item 2, begun in line 2/],
    ['[1,{"a":[1]', /does not end; item 2/],
    ['[1]\n[2]', /line 2: something follows/],
    ['[1]]', /something follows/],
  ]
  for (const [text, message] of refusals) await t.rejects(read(text), { name: LoadError.name, message }, text)
})
