// Our glob matcher against the one it must agree with: a real Redis, asked through SCAN MATCH.
import fc from 'fast-check'
import t from 'tap'
import { accepts, buildAutomaton, tokenize } from '../../../src/cache/glob-automaton.ts'
import { checkPattern, compileGlob, escapeGlob, literalOf } from '../../../src/cache/glob.ts'
import { sharedRedis, type SharedRedis } from '../../support/redis.ts'

/** A prefix in which most characters mean something in a glob. */
const HOSTILE_PREFIX = 'we*rd[p]re\\fix?:'
const SEED = 20_251_001
const LETTERS = ['a', 'b', 'c', 'd', 'B']
const META = ['*', '?', '[', ']', '^', '-', '\\']
/** Fragments that a choice of single characters would hardly ever put together. */
const FRAGMENTS = ['[a-c]', '[^a]', '[^', '[]', '[^]', '[c-a]', '[a-]', '[\\]b]', '[a-\\', '\\*', '**']

const key = fc.string({
  unit: fc.constantFrom(...LETTERS, ...LETTERS, ...META, ':'),
  minLength: 1,
  maxLength: 8,
})
const densePattern = fc
  .array(fc.constantFrom(...LETTERS, ...META, ...FRAGMENTS), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join(''))
const anyPattern = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 })

/** A key of 20 to 70 characters, and a pattern of up to 64 that is made of it, so that it often matches and seldom for a short reason. */
const longPair = fc
  .array(fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5)), {
    minLength: 20,
    maxLength: 70,
  })
  .map((steps) => ({
    key: steps.map(([char]) => char).join(''),
    pattern: steps
      .map(([char, form]) => [char, '?', '[ab]', `\\${char}`, `*${char}`, '*'][form])
      .join('')
      .slice(0, 63)
      .concat('*'),
  }))

/** The keys Redis finds, by pattern. One SCAN call visits all: its COUNT is far above the number of keys. */
async function scan({ client }: SharedRedis, patterns: string[]): Promise<string[][]> {
  const pipeline = client.pipeline()
  for (const pattern of patterns) pipeline.scan(0, 'MATCH', pattern, 'COUNT', 1_000_000)
  const replies = await pipeline.exec()
  return replies!.map(([error, reply]) => {
    if (error !== null) throw error
    const [cursor, keys] = reply as [string, string[]]
    if (cursor !== '0') throw new Error('one call was to visit all keys')
    return keys.sort()
  })
}

async function load({ client }: SharedRedis, keys: string[]): Promise<void> {
  await client.flushall()
  await client.mset(keys.flatMap((key) => [key, '']))
}

/** Loads the keys bare and prefixed, then compares every pattern in both forms; returns how many pairs matched. */
async function compare(redis: SharedRedis, patterns: string[], keys: string[]): Promise<number> {
  const prefixed = keys.map((key) => HOSTILE_PREFIX + key)
  await load(redis, [...keys, ...prefixed])
  const quoted = escapeGlob(HOSTILE_PREFIX)
  const bare = await scan(redis, patterns)
  const behindPrefix = await scan(
    redis,
    patterns.map((pattern) => quoted + pattern),
  )
  let matched = 0
  patterns.forEach((pattern, index) => {
    const matches = compileGlob(pattern)
    assertSame(pattern, [...keys, ...prefixed].filter(matches).sort(), bare[index]!)
    const found = keys.filter(matches)
    assertSame(quoted + pattern, found.map((key) => HOSTILE_PREFIX + key).sort(), behindPrefix[index]!)
    matched += found.length
  })
  return matched
}

/** Thrown rather than counted by tap: fast-check shrinks by it, and a million passing lines help nobody. */
function assertSame(pattern: string, ours: string[], redis: string[]): void {
  if (ours.join('\n') === redis.join('\n')) return
  const extra = ours.filter((key) => !redis.includes(key))
  const missing = redis.filter((key) => !ours.includes(key))
  throw new Error(`${pattern}: extra ${JSON.stringify(extra)}, missing ${JSON.stringify(missing)}`)
}

t.test('random patterns select the keys that Redis selects, bare and behind a hostile prefix', async (t) => {
  const redis = await sharedRedis(t)
  let patternCount = 0
  let matched = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 9, arbitrary: densePattern }, anyPattern), {
        minLength: 200,
        maxLength: 300,
        size: 'max',
      }),
      fc.uniqueArray(key, { minLength: 100, maxLength: 200, size: 'max' }),
      async (patterns, keys) => {
        // The patterns as keys too: many of them match themselves, and some must not.
        matched += await compare(redis, patterns, [...new Set([...keys, ...patterns])])
        patternCount += patterns.length
      },
    ),
    { seed: SEED, numRuns: 25 },
  )
  t.comment(`${patternCount} patterns, ${matched} matches`)
  t.ok(patternCount >= 5_000)
  t.ok(matched > patternCount, 'the patterns select something')
})

t.test('patterns of up to 64 tokens select the keys that Redis selects', async (t) => {
  const redis = await sharedRedis(t)
  let matched = 0
  await fc.assert(
    fc.asyncProperty(fc.array(longPair, { minLength: 50, maxLength: 100, size: 'max' }), async (pairs) => {
      // A key with one character changed or dropped is what a wrong bit would let through.
      const keys = pairs.flatMap(({ key }) => [
        key,
        key.slice(1),
        key.slice(0, -1),
        `${key.slice(0, 40)}c${key.slice(41)}`,
      ])
      matched += await compare(
        redis,
        pairs.map(({ pattern }) => pattern),
        [...new Set(keys)],
      )
    }),
    { seed: SEED, numRuns: 15 },
  )
  t.ok(matched > 1_000, `${matched} matches`)
})

t.test('the oddities of Redis, by name', async (t) => {
  const redis = await sharedRedis(t)
  const keys = [
    'a',
    'b',
    'c',
    'z',
    'A',
    '-',
    '^',
    ']',
    '[',
    '\\',
    '*',
    '?',
    '`',
    'ab',
    'ac',
    'a]',
    'a*',
    'abc',
    'é',
    '',
    '1234',
  ]
  await load(redis, keys)
  const cases: [name: string, pattern: string, expected: string[]][] = [
    ['case counts', 'A', ['A']],
    ['an unclosed class runs to the end', '[abc', ['a', 'b', 'c']],
    ['an unclosed, empty class accepts nothing', '[', []],
    ['an unclosed, empty, negated class accepts any one byte', 'a[^', ['ab', 'ac', 'a]', 'a*']],
    ['an empty class accepts nothing', 'a[]', []],
    ['a class closes at once, so that what follows is literal', '[]a]', []],
    ['a negated empty class accepts any one byte', 'a[^]', ['ab', 'ac', 'a]', 'a*']],
    ['a range swallows the bracket, and is swapped', '[a-]', [']', '^', '`', 'a']],
    ['a minus at the very end is itself', '[a-', ['a', '-']],
    ['a reversed range is swapped', '[c-a]', ['a', 'b', 'c']],
    ['a range may begin with a minus', '[--a]', ['-', '?', 'A', '[', '\\', ']', '^', '`', 'a']],
    ['a range may end in a backslash, which escapes nothing', '[Z-\\]', ['[', '\\']],
    ['an escaped character is no start of a range', '[\\a-c]', ['a', '-', 'c']],
    ['a caret negates only right behind the bracket', '[a^]', ['a', '^']],
    ['the second caret is itself', '[^^]', ['a', 'b', 'c', 'z', 'A', '-', ']', '[', '\\', '*', '?', '`']],
    ['an escaped bracket is a member', '[\\]b]', [']', 'b']],
    ['an escaped caret is a member', '[\\^a]', ['^', 'a']],
    ['a backslash that ends an unclosed class is a member', '[\\', ['\\']],
    ['a closing bracket outside of a class is itself', 'a]', ['a]']],
    ['an escape makes a star literal', 'a\\*', ['a*']],
    ['an escape before a plain character is dropped', '\\a', ['a']],
    ['a backslash at the end is itself', '\\', ['\\']],
    ['two backslashes are one', '\\\\', ['\\']],
    ['stars in a row are one', 'a**', ['a', 'ab', 'ac', 'a]', 'a*', 'abc']],
    ['stars may match nothing', '*a*b*', ['ab', 'abc']],
    ['where the key ends, only stars may be left over', 'ab?', ['abc']],
    ['the empty key matches no star', '**', keys.filter((key) => key !== '')],
    ['a question mark is one byte, not one character', '??', ['ab', 'ac', 'a]', 'a*', 'é']],
    ['a negated class accepts bytes that are not ASCII', '[^a][^a]', ['é']],
  ]
  const found = await scan(
    redis,
    cases.map(([, pattern]) => pattern),
  )
  cases.forEach(([name, pattern, expected], index) => {
    t.strictSame(keys.filter(compileGlob(pattern)).sort(), [...expected].sort(), `${name}: ${pattern}`)
    t.strictSame(found[index], [...expected].sort(), `Redis agrees: ${pattern}`)
  })
})

t.test('an escaped prefix selects exactly the keys that begin with it', async (t) => {
  const redis = await sharedRedis(t)
  const text = fc.string({ unit: fc.constantFrom(...LETTERS, ...META), minLength: 1, maxLength: 6 })
  let longer = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 50, maxLength: 100, size: 'max' }),
      fc.array(text, { minLength: 50, maxLength: 100, size: 'max' }),
      async (prefixes, others) => {
        const keys = [...new Set([...others, ...prefixes, ...prefixes.map((prefix) => `${prefix}a*`)])]
        await load(redis, keys)
        const patterns = prefixes.map((prefix) => `${escapeGlob(prefix)}*`)
        const found = await scan(redis, patterns)
        prefixes.forEach((prefix, index) => {
          const expected = keys.filter((key) => key.startsWith(prefix)).sort()
          longer += expected.length - 1
          assertSame(patterns[index]!, expected, found[index]!)
          assertSame(patterns[index]!, keys.filter(compileGlob(patterns[index]!)).sort(), expected)
        })
      },
    ),
    { seed: SEED, numRuns: 20 },
  )
  t.ok(longer > 1_000, `${longer} keys beyond the prefixes themselves`)
})

t.test('a pattern without wildcards names one key', (t) => {
  t.equal(literalOf('volume:latest:days=30'), 'volume:latest:days=30')
  t.equal(literalOf('a\\*b\\[c\\]\\\\'), 'a*b[c]\\', 'escapes are resolved')
  t.equal(literalOf('a\\'), 'a\\', 'a backslash at the end is itself')
  for (const pattern of ['a*', '?', '[a]', '[', '\\\\*']) t.equal(literalOf(pattern), null, pattern)
  fc.assert(
    fc.property(anyPattern, (text) => literalOf(escapeGlob(text)) === text),
    { seed: SEED },
  )
  fc.assert(
    fc.property(fc.oneof(densePattern, anyPattern), key, (pattern, other) => {
      const literal = literalOf(pattern)
      return (
        literal === null ||
        (compileGlob(pattern)(literal) && compileGlob(pattern)(other) === (other === literal))
      )
    }),
    { seed: SEED },
  )
  t.end()
})

t.test('a key is read once, whatever the pattern', (t) => {
  const readsOf = (pattern: string, text: string): { reads: number; matched: boolean } => {
    let reads = 0
    const charCodeAt = (index: number): number => ((reads += 1), text.charCodeAt(index))
    const matched = accepts(buildAutomaton(tokenize(pattern)), { length: text.length, charCodeAt })
    return { reads, matched }
  }
  const length = 100_000
  const worst = `${'*a'.repeat(31)}*b`
  t.equal(worst.length, 64)
  t.strictSame(readsOf(worst, 'a'.repeat(length)), { reads: length, matched: false })
  t.strictSame(readsOf(worst, `${'a'.repeat(length - 1)}b`), { reads: length, matched: true })
  t.strictSame(readsOf(`*${'[^b]'.repeat(15)}b?`, 'a'.repeat(length)), { reads: length, matched: false })
  t.strictSame(readsOf('b*', 'a'.repeat(length)), { reads: 1, matched: false }, 'no further than needed')
  fc.assert(
    fc.property(densePattern, key, (pattern, text) => readsOf(pattern, text).reads <= text.length),
    {
      seed: SEED,
    },
  )
  t.end()
})

t.test('what comes from outside is checked', (t) => {
  t.equal(checkPattern('volume:*'), null)
  t.equal(checkPattern(' ~'), null, 'the ends of printable ASCII')
  t.equal(checkPattern('a'.repeat(64)), null)
  t.equal(checkPattern(''), 'must not be empty')
  t.equal(checkPattern('a'.repeat(65)), 'must have at most 64 characters')
  for (const pattern of ['a\n', 'a\0', '\x1f', '\x7f', 'é', '\u{1F600}']) {
    t.equal(checkPattern(pattern), 'must consist of printable ASCII characters', JSON.stringify(pattern))
    t.throws(() => compileGlob(pattern), RangeError)
  }
  t.throws(() => buildAutomaton(tokenize('a'.repeat(65))), { message: 'a glob has at most 64 tokens' })
  t.end()
})
