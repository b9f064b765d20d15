// What no schema needs to say: a parameter is given once, is not empty, can be printed, and is one of those that a closed route has.
import t from 'tap'
import Type from 'typebox'
import { validatorCompiler } from '../../../src/http/validation.ts'
import type { Problem } from '../../../src/problems.ts'

const schema = Type.Object(
  { name: Type.String(), limit: Type.Optional(Type.Integer()) },
  { additionalProperties: false },
)
const validate = validatorCompiler({
  schema,
  method: 'GET',
  url: '/',
  httpPart: 'querystring',
}) as unknown as (given: object) => { value?: object; error?: Problem }

t.test('what is wrong with a parameter is said of it', (t) => {
  t.strictSame(validate({ name: 'a', limit: '3' }).value, { name: 'a', limit: 3 })
  for (const [given, complaint] of [
    [{ name: ['a', 'b'] }, 'must be given once'],
    [{ name: '' }, 'must not be empty'],
    [{ name: 'a\u0001' }, 'holds a control character or invalid UTF-8'],
    [{ name: 'a\u007f' }, 'holds a control character or invalid UTF-8'],
    [{ name: '\ufffd' }, 'holds a control character or invalid UTF-8'],
    [{}, 'must be given'],
  ] as const)
    t.strictSame(validate(given).error?.errors, [{ parameter: 'name', detail: complaint }])
  t.strictSame(validate({ name: 'a', nam: 'b' }).error?.errors, [
    { parameter: 'nam', detail: 'is not a parameter of this route' },
  ])
  t.end()
})
