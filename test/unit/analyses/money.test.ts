// Money: decimal text and millionths say the same, to the last one.
import fc from 'fast-check'
import t from 'tap'
import { formatMoney, parseMoney } from '../../../src/analyses/money.ts'

t.test('decimal text is read as millionths', (t) => {
  for (const [text, micros] of [
    ['0', 0n],
    ['0.000001', 1n],
    ['0.002', 2000n],
    ['5.00', 5_000_000n],
    ['1.1', 1_100_000n],
    ['999999999999.999999', 999_999_999_999_999_999n],
  ] as const)
    t.equal(parseMoney(text), micros, text)
  for (const text of [
    '',
    '.5',
    '5.',
    '01',
    '-1',
    '+1',
    '1e3',
    '1,5',
    ' 1',
    '0.0000001',
    '1000000000000',
    '٣',
  ])
    t.equal(parseMoney(text), null, JSON.stringify(text))
  t.end()
})

t.test('amounts have as many decimals as they need, two at least', (t) => {
  for (const [micros, text] of [
    [0n, '0.00'],
    [1n, '0.000001'],
    [2000n, '0.002'],
    [5_000_000n, '5.00'],
    [12_345_100n, '12.3451'],
    [-100_000n, '-0.10'],
    [-1_500_000n, '-1.50'],
  ] as const)
    t.equal(formatMoney(micros), text)
  t.end()
})

t.test('an amount that is written and read is the same', (t) => {
  const property = fc.property(fc.bigInt({ min: 0n, max: 999_999_999_999_999_999n }), (micros) => {
    return parseMoney(formatMoney(micros)) === micros
  })
  fc.assert(property, { seed: 20_261_130, numRuns: 2000 })
  t.end()
})
