// Globs against a matcher that walks as Redis's own does (`stringmatchlen` in its util.c), and case by case. Redis itself is asked in glob.test.ts.
import fc from 'fast-check'
import t from 'tap'
import { accepts, buildAutomaton, MAX_TOKENS, tokenize } from '../../../src/cache/glob-automaton.ts'
import {
  checkPattern,
  compileGlob,
  escapeGlob,
  literalOf,
  MAX_PATTERN_LENGTH,
} from '../../../src/cache/glob.ts'

const SEED = 20_261_130

/** Step by step, with a call for each star: what the automaton is to agree with. */
function walks(pattern: string, text: string): boolean {
  let [at, index] = [0, 0]
  while (at < pattern.length && index < text.length) {
    const char = text.charAt(index)
    switch (pattern.charAt(at)) {
      case '*':
        while (pattern.charAt(at + 1) === '*') at++
        if (at + 1 === pattern.length) return true
        for (; index < text.length; index++) if (walks(pattern.slice(at + 1), text.slice(index))) return true
        return false
      case '?':
        break
      case '[': {
        const negated = pattern.charAt(at + 1) === '^'
        at += negated ? 2 : 1
        let isIn = false
        for (; at < pattern.length && pattern.charAt(at) !== ']'; at++) {
          if (pattern.charAt(at) === '\\' && at + 1 < pattern.length) {
            if (pattern.charAt(++at) === char) isIn = true
          } else if (pattern.charAt(at + 1) === '-' && at + 2 < pattern.length) {
            const [low = '', high = ''] = [pattern.charAt(at), pattern.charAt(at + 2)].sort()
            if (low <= char && char <= high) isIn = true
            at += 2
          } else if (pattern.charAt(at) === char) isIn = true
        }
        if (isIn === negated) return false
        break
      }
      case '\\':
        if (at + 1 < pattern.length) at++
        if (pattern.charAt(at) !== char) return false
        break
      default:
        if (pattern.charAt(at) !== char) return false
    }
    index++
    at++
    if (index === text.length) while (pattern.charAt(at) === '*') at++
  }
  return at >= pattern.length && index === text.length
}

const LETTERS = ['a', 'b', 'c', 'd']
const META = ['*', '?', '[', ']', '^', '-', '\\']
const FRAGMENTS = ['[a-c]', '[^a]', '[^', '[]', '[^]', '[c-a]', '[a-]', '[\\]b]', '[a-\\', '\\*', '**']
const text = fc.string({ unit: fc.constantFrom(...LETTERS, ...META), minLength: 1, maxLength: 8 })
const pattern = fc
  .array(fc.constantFrom(...LETTERS, ...META, ...FRAGMENTS), { minLength: 1, maxLength: 10 })
  .map((parts) => parts.join(''))

t.test('case by case', (t) => {
  for (const [pattern, text, matches] of [
    ['*', 'a', true],
    ['a*', 'a', true],
    ['a*b', 'a--b', true],
    ['a*b', 'a--c', false],
    ['?', 'ab', false],
    ['[a-c]', 'b', true],
    ['[c-a]', 'b', true],
    ['[^a-c]', 'b', false],
    ['[a-]', '^', true],
    ['[a-', 'a', true],
    ['[a-', '-', true],
    ['[a-', '`', false],
    ['[a', 'a', true],
    ['[]', ']', false],
    ['[^]', 'a', true],
    ['[\\]]', ']', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a\\', 'a\\', true],
  ] as const)
    t.equal(compileGlob(pattern)(text), matches, `${pattern} on ${text}`)
  t.end()
})

t.test('a literal at each of the 64 places counts', (t) => {
  const all = Array.from({ length: MAX_TOKENS }, (_, place) => String.fromCharCode(0x30 + place)).join('')
  const isMatched = (pattern: string, text: string) => accepts(buildAutomaton(tokenize(pattern)), text)
  const plain = all.replace(/[?[\]\\^]/g, 'x')
  t.equal(isMatched(plain, plain), true)
  for (let place = 0; place < MAX_TOKENS; place++) {
    const wrong = `${plain.slice(0, place)}~${plain.slice(place + 1)}`
    if (isMatched(plain, wrong)) t.fail(`place ${place}`)
    const loose = `${plain.slice(0, place)}*${plain.slice(place)}`
    if (!isMatched(loose, `${plain.slice(0, place)}~~${plain.slice(place)}`)) t.fail(`a star at ${place}`)
    if (isMatched(loose, wrong)) t.fail(`a star at ${place}, and another letter`)
  }
  t.throws(() => buildAutomaton(tokenize(`${plain}x`)), { name: 'RangeError', message: /at most 64 tokens/ })
  t.equal(isMatched(`${plain}*`, `${plain}~`), true, 'a star is no token')
  for (const text of ['', '~']) t.equal(isMatched('', text), false, 'without a token nothing is matched')
  t.end()
})

t.test('a key is matched by its bytes', (t) => {
  t.equal(compileGlob('??')('é'), true)
  t.equal(compileGlob('?')('é'), false)
  t.equal(compileGlob('[^a]?x')('éx'), true)
  t.equal(compileGlob('*')(''), false, 'nothing matches the empty text')
  t.equal(compileGlob('a*')(''), false)
  t.end()
})

t.test('stars in a row are one, and what they stand beside stays', (t) => {
  t.strictSame(tokenize('a**b*'), [
    { kind: 'literal', char: 'a' },
    { kind: 'star' },
    { kind: 'literal', char: 'b' },
    { kind: 'star' },
  ])
  t.strictSame(
    tokenize('\\*?\\').map((token) => (token.kind === 'literal' ? token.char : token.kind)),
    ['*', 'any', '\\'],
  )
  t.end()
})

t.test('what is wrong with a pattern is said', (t) => {
  t.equal(checkPattern(''), 'must not be empty')
  t.equal(checkPattern('a'.repeat(MAX_PATTERN_LENGTH)), null)
  t.equal(checkPattern('a'.repeat(MAX_PATTERN_LENGTH + 1)), 'must have at most 64 characters')
  for (const char of ['\u001f', '\u007f', 'é', '\n'])
    for (const pattern of [char, `a${char}`, `${char}a`])
      t.equal(checkPattern(pattern), 'must consist of printable ASCII characters')
  t.equal(checkPattern(' ~'), null)
  t.throws(() => compileGlob(''), { name: 'RangeError', message: 'pattern must not be empty' })
  t.end()
})

t.test('quoted text stands for itself, and one key has a pattern of its own', (t) => {
  t.equal(escapeGlob('a*b?c[d]\\^-'), 'a\\*b\\?c\\[d]\\\\^-')
  t.equal(literalOf('a\\*b\\\\c'), 'a*b\\c')
  for (const pattern of ['a*', 'a?', '[a]']) t.equal(literalOf(pattern), null)
  const property = fc.property(text, text, (one, other) => {
    const quoted = escapeGlob(one)
    return (
      compileGlob(quoted)(one) && compileGlob(quoted)(other) === (one === other) && literalOf(quoted) === one
    )
  })
  fc.assert(property, { seed: SEED, numRuns: 500 })
  t.end()
})

t.test('any pattern matches what walking through it matches', (t) => {
  let matched = 0
  let tried = 0
  const property = fc.property(
    pattern,
    fc.array(text, { minLength: 20, maxLength: 20 }),
    (pattern, texts) => {
      const matches = compileGlob(pattern)
      for (const text of [...texts, pattern, pattern.replaceAll('\\', '')]) {
        tried++
        if (matches(text)) matched++
        if (text !== '' && matches(text) !== walks(pattern, text)) throw new Error(`${pattern} on ${text}`)
      }
    },
  )
  fc.assert(property, { seed: SEED, numRuns: 1500 })
  t.ok(matched > tried / 33, `${matched} matches in ${tried}`)
  t.end()
})

t.test('patterns of many tokens, across both words of a set', (t) => {
  const step = fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom(0, 0, 0, 0, 0, 1, 2, 3, 4, 5))
  const property = fc.property(fc.array(step, { minLength: 20, maxLength: 64 }), (steps) => {
    const text = steps.map(([char]) => char).join('')
    const pattern = steps
      .map(([char, form]) => [char, '?', '[ab]', `\\${char}`, `*${char}`, '*'][form])
      .join('')
      .slice(0, MAX_PATTERN_LENGTH)
    const matches = compileGlob(pattern)
    for (const other of [text, `${text}a`, text.slice(1), text.replace(/a(?=[^a]*$)/, 'b')])
      if (other !== '' && matches(other) !== walks(pattern, other)) throw new Error(`${pattern} on ${other}`)
  })
  fc.assert(property, { seed: SEED, numRuns: 300 })
  t.end()
})
