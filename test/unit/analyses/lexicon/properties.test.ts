// What holds of the lexicon for every text.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { analyseSentiment, MOST_TERMS, NEUTRAL_BELOW } from '../../../../src/analyses/lexicon/index.ts'
import { LABELLED } from './labelled.ts'

const words = [...new Set(LABELLED.flatMap(({ text }) => text.split(' ')))]
/** A fraction of a second where each word is looked at a few times, minutes where it is held against all others. */
const [LONG, LIMIT_MS] = [400_000, 15_000]

/** Words of the set in any order, with what a text may hold between them: lone surrogates, marks of their own, control characters. */
const texts = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...words) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '\ud800',
          '\udfff\ud800',
          '\u0301',
          '\u0000',
          '’',
          '…',
          '\u200d',
          'İ',
          'ﬁ',
        ),
      },
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(' '))
const languages = fc.constantFrom('en', 'fr', null)

t.test('a score lies within -1 and 1, its label follows from it, and every term is in the text', (t) => {
  fc.assert(
    fc.property(texts, languages, (text, language) => {
      const { score, label, terms } = analyseSentiment(text, language)
      assert.ok(score >= -1 && score <= 1)
      assert.equal(score, Math.round(score * 10_000) / 10_000)
      assert.ok(!Object.is(score, -0))
      assert.equal(
        label,
        score >= NEUTRAL_BELOW ? 'positive' : score <= -NEUTRAL_BELOW ? 'negative' : 'neutral',
      )
      assert.ok(terms.length <= MOST_TERMS)
      for (const { term, weight } of terms) {
        assert.ok(Number.isFinite(weight))
        for (const part of term.split(' … ')) assert.ok(text.normalize('NFC').includes(part))
      }
    }),
    { numRuns: 500 },
  )
  t.end()
})

t.test('the same text has the same answer, composed or decomposed', (t) => {
  fc.assert(
    fc.property(texts, languages, (text, language) => {
      const answer = analyseSentiment(text.normalize('NFC'), language)
      assert.deepStrictEqual(analyseSentiment(text.normalize('NFC'), language), answer)
      assert.deepStrictEqual(analyseSentiment(text.normalize('NFD'), language), answer)
    }),
    { numRuns: 300 },
  )
  for (const { text } of LABELLED)
    t.strictSame(analyseSentiment(text.normalize('NFD')), analyseSentiment(text), text)
  t.end()
})

t.test('a text of any length is analysed in time that grows with its length', (t) => {
  const pieces = {
    en: [
      ' ',
      '. ',
      '1,',
      '\ud800 ',
      'a',
      'but ',
      'although ',
      'no ',
      'never as ',
      'shares ',
      'fears of growth ',
      'fades ',
      'rise in ',
      'falls to record low ',
    ],
    fr: ['\n', '\u0301', 'é', "l'", 'ne pas ', 'très ', 'la hausse des prix ', 'les pertes augmentent '],
  }
  for (const language of ['en', 'fr'] as const) {
    for (const piece of pieces[language]) {
      const text = piece.repeat(Math.ceil(LONG / piece.length))
      const began = performance.now()
      analyseSentiment(text, language)
      const took = performance.now() - began
      t.ok(took < LIMIT_MS, `${JSON.stringify(piece)} in ${took.toFixed(0)} ms`)
    }
  }
  t.end()
})

t.test('of many terms the weightiest are told, in the order of the text', (t) => {
  const text = `${'good news. '.repeat(MOST_TERMS)}Profit warning. ${'good news. '.repeat(MOST_TERMS)}`
  const { terms, score } = analyseSentiment(text)
  t.equal(terms.length, MOST_TERMS)
  t.ok(terms.some(({ term }) => term === 'Profit warning'))
  t.ok(score > 0.99)
  t.end()
})
