// Names that stand twice in one object of a JSON text.
import t from 'tap'
import { repeatedName } from '../../../src/repeated-name.ts'

t.test('found in whatever object and spelling', (t) => {
  for (const [json, name] of [
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['[{"b":{}},{"x":{"c":1 , "c" : []}}]', 'c'],
    ['{"":1,"":1}', ''],
    ['{"a\\"b":1,"a\\"b":1}', 'a"b'],
    ['{"__proto__":1,"__proto__":1}', '__proto__'],
  ] as const)
    t.equal(repeatedName(json), name, json)
  t.end()
})

t.test('not where there is none', (t) => {
  for (const json of [
    'null',
    '[]',
    '"a"',
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":2}]',
    '{"a":"a","b":"\\"a\\":","c":["a","a"]}',
    '{"x":{"y":1},"y":{"x":1}}',
    '{"a":"{\\"a\\":1}"}',
  ])
    t.equal(repeatedName(json), null, json)
  t.end()
})
