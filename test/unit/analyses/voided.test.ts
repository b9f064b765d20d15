// Which clears reach what was paid for: only those that can mean nothing else.
import t from 'tap'
import { resultsNamedBy } from '../../../src/analyses/voided.ts'

const TEXT = `text:${'ab'.repeat(32)}:analyser=tone`
const FILE = `analysis:${'ab'.repeat(32)}:analyser=tone`

t.test('patterns and keys that name them', (t) => {
  for (const [kind, selector, kinds, matches, others] of [
    ['pattern', 'text:*', ['text'], [TEXT], [FILE]],
    ['pattern', 'text*', ['text'], [TEXT], []],
    ['pattern', 'analysis:*', ['file'], [FILE], [TEXT]],
    ['pattern', 'text:ab*', ['text'], [TEXT], []],
    ['pattern', 'text:cd*', ['text'], [], [TEXT]],
    ['pattern', 'analysis:[a-c]?*', ['file'], [FILE], []],
    ['key', TEXT, ['text'], [TEXT], [`${TEXT}&tone=formal`]],
    ['key', FILE, ['file'], [FILE], []],
  ] as const) {
    const filter = resultsNamedBy({ kind, selector })
    t.strictSame(filter?.kinds, kinds, selector)
    for (const key of matches) t.ok(filter?.matches(key), `${selector} means ${key}`)
    for (const key of others) t.notOk(filter?.matches(key), `${selector} does not mean ${key}`)
  }
  t.end()
})

t.test('all others leave them', (t) => {
  for (const selector of [
    '*',
    '**',
    '*text:*',
    '?ext:*',
    '[t]ext:*',
    't*',
    'a*',
    'analysi?:*',
    'media:*',
    'volume:text:*',
    '*:*',
  ])
    t.equal(resultsNamedBy({ kind: 'pattern', selector }), null, selector)
  t.equal(resultsNamedBy({ kind: 'key', selector: 'media:text:' }), null)
  for (const selector of ['dataset:media', 'content:ab', 'symbol:text'])
    t.equal(resultsNamedBy({ kind: 'tag', selector }), null, selector)
  t.end()
})
