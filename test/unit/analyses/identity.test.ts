// Identity: two requests share a key exactly where they mean the same.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import type { Json } from '../../../src/analyses/analysers/analyser.ts'
import {
  canonicalJson,
  isStorable,
  normaliseText,
  textHash,
  variantKey,
  type Variant,
} from '../../../src/analyses/identity.ts'

const SEED = 20_261_130
const TELLING = Array.from('aA zé\u0301e\u0301\u0327\n\r\t \u00a0\u2003\u200b\u200d\ufeff\u2028ﬁÅ"😀')
const rawText = fc.oneof(
  fc.string({ unit: fc.constantFrom(...TELLING), maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
)
/** With something left of it. */
const text = rawText.map((text) => `b${text.replaceAll('\0', '')}c`)
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => value as Json)
const parameters = fc.dictionary(fc.string({ maxLength: 5 }), json, { maxKeys: 4 })
const word = fc.oneof(fc.constantFrom('en', 'fr', 'formal', 'a&b=c', '*'), fc.string({ unit: 'grapheme' }))
const variant: fc.Arbitrary<Variant> = fc.record({
  kind: fc.constantFrom('text', 'file'),
  hash: text.map((text) => textHash(normaliseText(text))),
  analyser: fc.record({ name: word, version: word, fingerprint: word }),
  asked: fc.record({ language: fc.option(word), tone: fc.option(word), parameters }),
  subject: fc.option(word),
})

const hashOf = (text: string) => textHash(normaliseText(text))
const seeded = { seed: SEED, numRuns: 1000 }

t.test('a text has one hash however it is written down', (t) => {
  const same = (name: string, write: (text: string) => string): void => {
    fc.assert(
      fc.property(text, (text) => hashOf(write(text)) === hashOf(text)),
      seeded,
    )
    t.pass(name)
  }
  same('NFD', (text) => text.normalize('NFD'))
  same('NFC', (text) => text.normalize('NFC'))
  same('line ends of Windows', (text) => text.replaceAll('\r\n', '\n').replace(/[\n\r\u2028]/g, '\r\n'))
  same('zero-width characters', (text) => Array.from(text).join('\u200b'))
  same('byte order mark, and blanks around', (text) => `\ufeff \n${text}\t \r\n`)
  same('runs of blanks', (text) => text.replace(/[ \t]/g, ' \u00a0\t'))
  same('normalised before', normaliseText)
  t.equal(hashOf('e\u200d\u0301'), hashOf('é'), 'an accent behind a zero-width character')
  t.equal(normaliseText(' A\u00a0 b\r\n\r\nc\t'), 'A b\n\nc', 'case and empty lines stay')
  t.equal(
    hashOf('Marché'),
    createHash('sha256').update('Marché', 'utf8').digest('hex'),
    'SHA-256 of UTF-8: what sha256sum prints',
  )
  t.end()
})

t.test('texts that are not the same have hashes of their own', (t) => {
  const different = (name: string, one: string, other: string) => t.not(hashOf(one), hashOf(other), name)
  different('case', 'Rally', 'rally')
  different('a blank more in a place that had none', 'up turn', 'upturn')
  different('a line end for a blank', 'a b', 'a\nb')
  different('an empty line more', 'a\nb', 'a\n\nb')
  different('a ligature: NFC, not NFKC', 'ﬁ', 'fi')
  different('one character', 'up 1%', 'up 2%')
  const property = fc.property(text, text, (one, other) => {
    return (hashOf(one) === hashOf(other)) === (normaliseText(one) === normaliseText(other))
  })
  fc.assert(property, seeded)
  t.end()
})

t.test('what is no text is refused by name', (t) => {
  const refused = (text: string, detail: string) =>
    t.throws(() => normaliseText(text), { code: 'invalid_body', message: `text ${detail}` }, detail)
  for (const empty of ['', ' \t\r\n', '\u200b\ufeff', '\u2028']) refused(empty, 'must not be empty')
  for (const broken of ['a\0b', 'a\ud800', '\udc00b'])
    refused(broken, 'must not hold NUL or half a surrogate pair')
  t.end()
})

t.test('canonical JSON is equal exactly where the values are', (t) => {
  t.equal(canonicalJson({ b: 1, a: [{ d: null, c: 'x' }] }), '{"a":[{"c":"x","d":null}],"b":1}')
  const shuffled = fc.property(json, (value) => canonicalJson(reversed(value)) === canonicalJson(value))
  fc.assert(shuffled, seeded)
  const distinct = fc.property(fc.array(json, { minLength: 2, maxLength: 20 }), (values) => {
    const canonical = values.map(canonicalJson)
    return canonical.every((one, index) => canonical.indexOf(one) === index || isEqualTo(values, one))
  })
  fc.assert(distinct, seeded)
  fc.assert(
    fc.property(
      json,
      (value) => canonicalJson(JSON.parse(canonicalJson(value)) as Json) === canonicalJson(value),
    ),
    seeded,
  )
  for (const [one, other] of [
    [1, '1'],
    [null, 'null'],
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: { b: 1 } }, { 'a.b': 1 }],
    [{ a: null }, {}],
  ] as [Json, Json][])
    t.not(canonicalJson(one), canonicalJson(other), `${JSON.stringify(one)}, ${JSON.stringify(other)}`)
  t.end()
})

t.test('two variants share a key exactly where nothing differs', (t) => {
  // Each changes one thing.
  const changes: [string, fc.Arbitrary<(variant: Variant) => Variant>][] = [
    ['kind', fc.constant((v) => ({ ...v, kind: v.kind === 'text' ? 'file' : 'text' }))],
    ['hash', text.map((text) => (v) => ({ ...v, hash: textHash(`${v.hash}${text}`) }))],
    [
      'analyser',
      word.map((word) => (v) => ({ ...v, analyser: { ...v.analyser, name: `${v.analyser.name}${word}x` } })),
    ],
    [
      'version',
      word.map((word) => (v) => ({
        ...v,
        analyser: { ...v.analyser, version: `${word}x${v.analyser.version}` },
      })),
    ],
    [
      'fingerprint',
      word.map((word) => (v) => ({
        ...v,
        analyser: { ...v.analyser, fingerprint: `${v.analyser.fingerprint}x${word}` },
      })),
    ],
    [
      'language',
      word.map((word) => (v) => ({ ...v, asked: { ...v.asked, language: changed(v.asked.language, word) } })),
    ],
    ['tone', word.map((word) => (v) => ({ ...v, asked: { ...v.asked, tone: changed(v.asked.tone, word) } }))],
    [
      'language for tone',
      fc.constant((v) => ({
        ...v,
        asked: { ...v.asked, language: changed(v.asked.tone, 'x'), tone: v.asked.language },
      })),
    ],
    ['subject', word.map((word) => (v) => ({ ...v, subject: changed(v.subject, word) }))],
    [
      'a parameter more',
      json.map((json) => (v) => ({
        ...v,
        asked: { ...v.asked, parameters: { ...v.asked.parameters, longer: json } },
      })),
    ],
  ]
  for (const [name, change] of changes) {
    const property = fc.property(
      variant,
      change,
      (one, change) => variantKey(one) !== variantKey(change(one)),
    )
    fc.assert(property, seeded)
    t.pass(name)
  }
  const withValue = (one: Variant, value: Json): Variant => {
    return { ...one, asked: { ...one.asked, parameters: { ...one.asked.parameters, value } } }
  }
  const types = fc.property(
    variant,
    fc.oneof(fc.integer(), fc.boolean(), fc.constant(null)),
    (one, value) => {
      return variantKey(withValue(one, value)) !== variantKey(withValue(one, String(value)))
    },
  )
  fc.assert(types, seeded)
  t.pass("a parameter's type")
  const order = fc.property(variant, (one) => {
    const asked = { ...one.asked, parameters: reversed(one.asked.parameters) as Record<string, Json> }
    return variantKey(one) === variantKey({ ...one, asked })
  })
  fc.assert(order, seeded)
  t.pass('the order of parameters means nothing')
  t.end()
})

t.test('keys read as existing clients know them', (t) => {
  const analyser = { name: 'tone', version: '3', fingerprint: 'f' }
  const asked = { language: 'en', tone: null, parameters: {} }
  t.equal(
    variantKey({ kind: 'text', hash: 'ab', analyser, asked, subject: null }),
    'text:ab:analyser=tone&by=f&language=en&rules=1&version=3',
  )
  t.equal(
    variantKey({ kind: 'file', hash: 'ab', analyser, asked: { ...asked, language: null }, subject: 's' }),
    'analysis:ab:analyser=tone&by=f&subject=s&version=3',
  )
  t.match(
    variantKey({
      kind: 'file',
      hash: 'ab',
      analyser,
      asked: { ...asked, parameters: { a: 1 } },
      subject: null,
    }),
    /&parameters=[\w-]{22}&version=3$/,
  )
  t.end()
})

t.test('NUL and halves of characters cannot be kept, wherever they stand', (t) => {
  for (const broken of ['\0', '\ud800'])
    for (const value of [broken, [broken], { a: [{ b: broken }] }, { [broken]: 1 }] as Json[])
      t.notOk(isStorable(value), JSON.stringify(value))
  const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as Json
  t.ok(isStorable(nested(64)))
  t.notOk(isStorable(nested(65)))
  t.notOk(isStorable(nested(500_000)), 'nor what would overflow the stack')
  t.ok(isStorable({ a: [null, 1.5, true, '😀', { b: '' }] }))
  t.end()
})

function changed(value: string | null, by: string): string | null {
  return value === null ? by : value === by ? null : `${value}x`
}

/** The same value with its members in the opposite order. */
function reversed(value: Json): Json {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(reversed)
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  )
}

function isEqualTo(values: Json[], canonical: string): boolean {
  const same = values.filter((value) => canonicalJson(value) === canonical)
  const [first] = same
  return same.every((value) => fc.stringify(sorted(value)) === fc.stringify(sorted(first as Json)))
}

function sorted(value: Json): Json {
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? 0 : value
  if (Array.isArray(value)) return value.map(sorted)
  const entries = Object.entries(value).map(([name, member]): [string, Json] => [name, sorted(member)])
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)))
}
