// The header of a table decides what its fields are: one that is not clear is refused, and a record that does not fit it is no record.
import t from 'tap'
import { readTable } from '../../../src/loading/csv.ts'
import { collect, streamOf } from '../../support/loading.ts'

const COLUMNS = { required: ['a', 'b'], optional: ['c'], multiline: false } as const
const read = (text: string) => collect(readTable(streamOf(text), COLUMNS))

t.test('a column that is named twice, or not at all, or no header', async (t) => {
  await t.rejects(read('a,b,A\n1,2,3\n'), {
    name: 'LoadError',
    message: 'the header line names `a` more than once',
  })
  await t.rejects(read('a,b,c,c\n'), { message: /names `c` more than once/ })
  await t.rejects(read('a,c\n1,2\n'), { message: 'the header line has no column `b`' })
  await t.rejects(read('\n \n'), { message: 'the input is empty; its first line must name a, b' })
  t.strictSame(
    await read('b,x,a,x\n1,2,3,4\n'),
    [{ line: 2, values: { b: '1', a: '3' } }],
    'others may be anything',
  )
})

t.test('a record with more or fewer fields than the header is no record', async (t) => {
  t.strictSame(await read('a,b\n1\n1,2\n1,2,3\n'), [
    { line: 2, field: null, reason: 'has 1 fields, the header has 2' },
    { line: 3, values: { a: '1', b: '2' } },
    { line: 4, field: null, reason: 'has 3 fields, the header has 2' },
  ])
})
