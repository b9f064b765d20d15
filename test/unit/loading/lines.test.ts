// Lines come out whole and numbered however the bytes are cut, and a bad one costs only itself.
import fc from 'fast-check'
import t from 'tap'
import { MAX_LINE_BYTES, readLines } from '../../../src/loading/lines.ts'
import { chunksOf, collect } from '../../support/loading.ts'

const read = (bytes: Uint8Array | string, sizes = [65_536]) =>
  collect(readLines(chunksOf(Buffer.from(bytes), sizes)))

t.test('however the bytes are cut, the lines are those of the text', async (t) => {
  const word = fc.constantFrom('', 'a', 'é', '😀', 'b c', '"', '\\n', ' x')
  const text = fc.array(
    fc
      .tuple(fc.array(word, { maxLength: 5 }), fc.constantFrom('\n', '\r\n'))
      .map(([words, end]) => words.join('') + end),
  )
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      fc.boolean(),
      async (lines, sizes, open) => {
        const whole = lines.join('')
        const expected = whole
          .split('\n')
          .map((line, index) => ({ line: index + 1, text: line.trimEnd() }))
          .filter((line) => line.text !== '')
        t.strictSame(await read(open ? whole.replace(/\r?\n$/, '') : whole, sizes), expected)
      },
    ),
    { numRuns: 200 },
  )
})

t.test('a byte order mark is not part of the first line', async (t) => {
  t.strictSame(await read('\u{feff}date,open\n1', [1]), [
    { line: 1, text: 'date,open' },
    { line: 2, text: '1' },
  ])
})

t.test('a line over one mebibyte is rejected and the next one read', async (t) => {
  const fits = 'x'.repeat(MAX_LINE_BYTES)
  const [first, second, third] = await read(`${fits}\n${fits}y\nz`)
  t.strictSame(first, { line: 1, text: fits })
  t.strictSame(second, { line: 2, field: null, reason: 'the line is longer than 1 MiB' })
  t.strictSame(third, { line: 3, text: 'z' })
})

t.test('bytes that are not UTF-8 spoil their own line only', async (t) => {
  const bytes = Buffer.concat([Buffer.from('a\nb'), Buffer.from([0xff, 0xfe]), Buffer.from('\né\n')])
  t.strictSame(await read(bytes, [2]), [
    { line: 1, text: 'a' },
    { line: 2, field: null, reason: 'the line is not valid UTF-8' },
    { line: 3, text: 'é' },
  ])
})

t.test('a character cut off at the end of the input is not valid', async (t) => {
  t.strictSame(await read(Buffer.from('é').subarray(0, 1)), [
    { line: 1, field: null, reason: 'the line is not valid UTF-8' },
  ])
})
