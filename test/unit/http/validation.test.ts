// The validator by itself: what it lets through is in its schema, in its type, and nothing else.
import fc from 'fast-check'
import t from 'tap'
import Type from 'typebox'
import { validatorCompiler } from '../../../src/http/validation.ts'
import { Problem } from '../../../src/problems.ts'

const schema = Type.Object({
  days: Type.Integer({ minimum: 7, maximum: 365, default: 30 }),
  symbol: Type.String({ maxLength: 4 }),
  exact: Type.Optional(Type.Boolean()),
})
type Result = { value: unknown } | { error: Error }
const validate = validatorCompiler({ schema, httpPart: 'querystring' } as never) as (given: unknown) => Result

t.test('fills in defaults, turns text into values, and drops what it does not know', (t) => {
  const given = { symbol: 'X', exact: 'true', limit: '5', constructor: 'x', ['__proto__']: 'x' }
  t.strictSame(validate(given), { value: { days: 30, symbol: 'X', exact: true } })
  t.strictSame(validate({ symbol: '5', days: '7' }), { value: { days: 7, symbol: '5' } })
  t.end()
})

t.test('says what is missing', (t) => {
  t.match(validate({}), { error: { message: 'symbol must be given', errors: [{ parameter: 'symbol' }] } })
  t.end()
})

t.test('takes a number only as it is written plainly', (t) => {
  const valid = new Set(Array.from({ length: 365 - 7 + 1 }, (_, index) => String(index + 7)))
  const text = fc.oneof(fc.integer({ min: -400, max: 400 }).map(String), fc.double().map(String), fc.string())
  fc.assert(
    fc.property(text, (days) => {
      const result = validate({ symbol: 'X', days })
      if (!valid.has(days)) return 'error' in result && result.error instanceof Problem
      return 'value' in result && (result.value as { days: number }).days === Number(days)
    }),
    { numRuns: 2000 },
  )
  t.end()
})
