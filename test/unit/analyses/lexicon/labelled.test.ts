// The lexicon is right about the sign of at least 85 % of our own headlines and sentences, and its mistakes are listed for everybody.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { analyseSentiment } from '../../../../src/analyses/lexicon/index.ts'
import { inSet, LABELLED, listing, mistakesIn, percent, share, type Labelled } from './labelled.ts'

const LEAST_SHARE = 0.85
const [BEGIN, END] = ['<!-- mistakes -->', '<!-- end of mistakes -->']
const PAGE = new URL('../../../../docs/analyses.md', import.meta.url)

t.test('the set is what is said of it: 200, half French, half held out, with negations and idioms', (t) => {
  const count = (is: (labelled: Labelled) => boolean): number => LABELLED.filter(is).length
  t.equal(LABELLED.length, 200)
  t.equal(new Set(LABELLED.map(({ text }) => text)).size, 200, 'no text twice')
  t.equal(
    count(({ language }) => language === 'fr'),
    100,
  )
  t.equal(
    count(({ set }) => set === 'held out'),
    100,
  )
  t.equal(
    count(({ label }) => label === 'neutral'),
    40,
  )
  for (const kind of ['negation', 'idiom']) t.ok(count((labelled) => labelled.kind === kind) >= 25, kind)
  t.end()
})

t.test('at least 85 % have the right sign: of all, of those held out, and of each language', (t) => {
  for (const { id, text, label, sentiment } of mistakesIn(LABELLED))
    t.comment(
      `${id} ${label}, said ${sentiment.label} ${sentiment.score}: ${text} ${JSON.stringify(sentiment.terms)}`,
    )
  const groups: [string, readonly Labelled[]][] = [
    ['all', LABELLED],
    ['held out', inSet('held out')],
    ['English', LABELLED.filter(({ language }) => language === 'en')],
    ['French', LABELLED.filter(({ language }) => language === 'fr')],
  ]
  for (const [name, texts] of groups) t.ok(share(texts) >= LEAST_SHARE, `${name}: ${percent(texts)}`)
  t.end()
})

t.test('the language of each is guessed', (t) => {
  for (const { text, language } of LABELLED) t.equal(analyseSentiment(text).language, language, text)
  t.end()
})

t.test('docs/analyses.md lists every mistake, and the shares', (t) => {
  const page = readFileSync(PAGE, 'utf8')
  t.equal(
    page.slice(page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)).trim(),
    listing(),
    'copy what was wanted',
  )
  t.end()
})
