// Cache keys: one answer, one key; two answers, two keys; nothing in them that a pattern would have to escape.
import fc from 'fast-check'
import t from 'tap'
import { compileGlob, escapeGlob } from '../../../src/cache/glob.ts'
import { cacheKey, type KeyParameters } from '../../../src/cache/key.ts'

const SEED = 20_251_004
const TELLING = Array.from('a%2Aa&=:?*[]^\\-,/@+;#"\' é€')
const NAMES = ['cursor', 'from', 'limit', 'order', 'source', 'symbol', 'to']
/** Text as a validated request may have it, with what means something in a key, in a URL or in a glob more often than chance has it. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...TELLING) }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
)
const parameters: fc.Arbitrary<KeyParameters> = fc.dictionary(
  fc.constantFrom(...NAMES),
  fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(undefined)),
)

/** What tells two answers apart: the parameters that are there, as text, in one order. */
function meaning(parameters: KeyParameters): string {
  const present = Object.entries(parameters).filter(([, value]) => value !== undefined)
  return JSON.stringify(present.map(([name, value]) => [name, String(value)]).sort())
}

t.test('keys read well', (t) => {
  t.equal(
    cacheKey('volume', 'latest', { symbol: '^GSPC', days: 30 }),
    'volume:latest:days=30&symbol=^GSPC',
    'sorted, readable',
  )
  t.equal(cacheKey('reference', 'media-sources', {}), 'reference:media-sources:')
  t.equal(
    cacheKey('media', 'list', { to: '2025-10-01T00:00:00Z', source: undefined, limit: 20 }),
    'media:list:limit=20&to=2025-10-01T00:00:00Z',
    'what is not given is not there',
  )
  t.equal(
    cacheKey('media', 'list', { source: 'a&limit=1*?[x]\\' }),
    'media:list:source=a%26limit%3D1%2A%3F%5Bx%5D%5C',
  )
  t.equal(cacheKey('media', 'list', { source: '%2A' }), 'media:list:source=%252A', 'escapes are escaped')
  t.end()
})

t.test('the order in which parameters are given makes no difference', (t) => {
  const shuffled = fc.tuple(parameters, fc.infiniteStream(fc.nat())).map(([given, ranks]) => {
    const ranked = Object.entries(given).map((entry) => ({ entry, rank: ranks.next().value as number }))
    ranked.sort((one, other) => one.rank - other.rank)
    return [given, Object.fromEntries(ranked.map(({ entry }) => entry))] as const
  })
  const property = fc.property(
    shuffled,
    ([one, other]) => cacheKey('media', 'list', one) === cacheKey('media', 'list', other),
  )
  fc.assert(property, { seed: SEED, numRuns: 500 })
  t.end()
})

t.test('different parameters never share a key', (t) => {
  let same = 0
  const close = fc.oneof(
    fc.tuple(parameters, parameters),
    // Two values that differ in how much of them is escaped already.
    fc.tuple(text, text).map(([one, other]) => [{ source: one }, { source: other }] as const),
    text.map((one) => [{ source: one }, { source: encodeURIComponent(one) }] as const),
    fc
      .tuple(text, text)
      .map(([one, other]) => [{ from: one, to: other }, { from: `${one}&to=${other}` }] as const),
  )
  const property = fc.property(close, ([one, other]) => {
    const isSame = meaning(one) === meaning(other)
    same += isSame ? 1 : 0
    return (cacheKey('media', 'list', one) === cacheKey('media', 'list', other)) === isSame
  })
  fc.assert(property, { seed: SEED, numRuns: 5000 })
  t.ok(same > 100, `${same} pairs meant the same`)
  t.end()
})

t.test('keys are printable ASCII, and patterns that match themselves alone', (t) => {
  const property = fc.property(parameters, (given) => {
    const key = cacheKey('media', 'list', given)
    const isPlain = /^[\x21-\x7e]*$/.test(key) && escapeGlob(key) === key
    return isPlain && (key.length > 64 || compileGlob(key)(key))
  })
  fc.assert(property, { seed: SEED, numRuns: 2000 })
  t.end()
})
