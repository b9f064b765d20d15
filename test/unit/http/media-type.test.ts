// The Content-Type header: what it says, in whatever form.
import t from 'tap'
import { isUtf8, readMediaType } from '../../../src/http/media-type.ts'

t.test('type and charset', (t) => {
  for (const [header, type, charset] of [
    [undefined, '', null],
    ['', '', null],
    ['Text/CSV', 'text/csv', null],
    ['text/csv ; header=present ; Charset="UTF-8"', 'text/csv', 'utf-8'],
    ['text/csv;charset=latin1', 'text/csv', 'latin1'],
  ] as const)
    t.strictSame(readMediaType(header), { type, charset }, String(header))
  t.end()
})

t.test('only UTF-8 is UTF-8', (t) => {
  for (const header of ['text/csv', 'text/csv;charset=utf-8', 'text/csv;charset=UTF8'])
    t.ok(isUtf8(readMediaType(header)), header)
  for (const header of ['text/csv;charset=latin1', 'text/csv;charset='])
    t.notOk(isUtf8(readMediaType(header)), header)
  t.end()
})

t.test('a million blanks are read in one go', (t) => {
  // As many steps as there are pairs of blanks would take many minutes.
  const { charset } = readMediaType(
    `text/csv;${' '.repeat(1_000_000)}x${' '.repeat(1_000_000)};charset=latin1`,
  )
  t.equal(charset, 'latin1')
  t.end()
})
